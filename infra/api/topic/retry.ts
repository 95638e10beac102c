import { z } from "zod";
import { json, none, refusal, retryAfter, route } from "../kit/route.ts";

export const retryRoute = route({
  method: "POST",
  path: "/topics/:topic/retry",
  access: "change",
  params: { topic: "Its name." },
  query: none,
  summary: "Tries a topic in trouble at once on this host, instead of after its pause",
  description:
    "For whoever has just mended the cause: refused records are sent again, and a failed topic is started again. Other hosts try within 10 s.",
  answers: {
    200: json("It is tried now; `trouble` in GET /topics tells the result.", z.object({ topic: z.string() })),
    404: refusal("No source declares the topic."),
    503: { ...refusal("The host is stopping."), headers: retryAfter },
  },
});
