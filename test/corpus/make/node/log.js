// node log.js LOGGER < events > records: logs the events with the logger. After each call a record separator (1E) is printed.
import { createInterface } from "node:readline";
import { createServer } from "node:http";
import { inspect } from "node:util";
import bunyan from "bunyan";
import pino from "pino";
import pinoHttp from "pino-http";
import winston from "winston";

const wanted = process.argv[2];
const write = (text) => process.stdout.write(text);
const sink = { write };

class PaymentError extends Error {
  name = "PaymentError";
  code = "E_PAYMENT";
}

/** An error as it comes out of a real call, with a stack and a cause. */
function thrown({ message, cause }) {
  try {
    try {
      if (cause !== null) throw new Error(cause);
    } catch (error) {
      throw new PaymentError(message, { cause: error });
    }
    throw new PaymentError(message);
  } catch (error) {
    return error;
  }
}

/** pino: `err` is an object where there was an exception, a text where somebody logged only its message. */
function pinoCall(logger) {
  return ({ level, message, fields, error }, n) => {
    if (error === null) logger[level](fields, message);
    else logger[level]({ ...fields, err: n % 3 === 0 ? error.message : thrown(error) }, message);
  };
}

/** A request with pino-http on a real server. */
async function pinoHttpCalls() {
  const middleware = pinoHttp({ logger: pino({ timestamp: pino.stdTimeFunctions.epochTime }, sink) });
  let event;
  const server = createServer((request, response) => {
    middleware(request, response);
    request.log.info({ user: event.fields.user ?? "anonymous" }, event.message);
    write("\u001e");
    if (event.error !== null) response.err = thrown(event.error);
    response.statusCode = event.error === null ? (event.fields.status ?? 200) : 500;
    response.end("done");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    call: async (next) => {
      event = next;
      const { port } = server.address();
      const answer = await fetch(`http://127.0.0.1:${port}${next.fields.path ?? "/orders?page=2"}`, {
        headers: {
          "user-agent": "curl/8.9.1",
          "x-request-id": String(next.fields.request_id ?? "none"),
          connection: "close",
        },
      });
      await answer.text();
      await new Promise((resolve) => setTimeout(resolve, 5));
    },
    close: () => server.close(),
  };
}

const { combine, timestamp, json, splat, errors, simple, colorize, printf, ms, logstash } = winston.format;
const winstonLogger = (format) =>
  winston.createLogger({
    level: "debug",
    format,
    transports: [new winston.transports.Stream({ stream: process.stdout })],
  });
const winstonCall =
  (logger) =>
  ({ level, message, fields, error }) =>
    logger.log({
      level,
      message,
      ...fields,
      ...(error !== null && { err: thrown(error).message, stack: thrown(error).stack }),
    });

const loggers = {
  "pino-default": () => pinoCall(pino({ level: "debug" }, sink)),
  "pino-unix-time": () => pinoCall(pino({ level: "debug", timestamp: pino.stdTimeFunctions.unixTime }, sink)),
  "pino-labels": () =>
    pinoCall(
      pino(
        {
          level: "debug",
          messageKey: "message",
          timestamp: pino.stdTimeFunctions.isoTime,
          formatters: { level: (label) => ({ level: label }) },
        },
        sink,
      ),
    ),
  "pino-children": () => {
    const logger = pino(
      { level: "debug", base: null, errorKey: "error", timestamp: pino.stdTimeFunctions.epochTime },
      sink,
    );
    return ({ level, message, fields, error, logger: module }, n) => {
      const child = logger.child({
        module,
        context: n % 4 === 0 ? "startup" : { user: fields.user ?? null, attempt: n },
      });
      if (error === null) child[level]({ data: fields }, message);
      else child[level](thrown(error));
    };
  },
  "winston-json": () => winstonCall(winstonLogger(combine(timestamp(), errors({ stack: true }), json()))),
  "winston-splat": () => {
    const logger = winstonLogger(combine(timestamp(), splat(), ms(), json()));
    return ({ level, message, fields }) =>
      logger.log(level, `${message} by %s in %d ms`, "checkout", 12, fields);
  },
  "winston-message-object": () => {
    const logger = winstonLogger(combine(timestamp(), json()));
    return ({ level, message, fields, error }, n) =>
      n % 2 === 0
        ? logger.log(level, message, fields)
        : logger.log({ level, message: { text: message, ...fields, error } });
  },
  "winston-logstash": () => winstonCall(winstonLogger(combine(timestamp(), logstash()))),
  "winston-simple-colour": () =>
    winstonCall(
      winstonLogger(
        combine(
          colorize(),
          timestamp(),
          printf(
            (info) =>
              `${info.timestamp} ${info.level}: ${info.message}${info.stack ? `\n${info.stack}` : ""}`,
          ),
        ),
      ),
    ),
  "winston-simple": () => winstonCall(winstonLogger(simple())),
  bunyan: () => {
    const logger = bunyan.createLogger({
      name: "shop",
      level: "debug",
      serializers: bunyan.stdSerializers,
      streams: [
        {
          level: "debug",
          type: "raw",
          stream: { write: (record) => write(`${JSON.stringify(record, bunyan.safeCycles())}\n`) },
        },
      ],
    });
    return ({ level, message, fields, error }, n) =>
      logger[level](
        error === null ? fields : { ...fields, err: n % 3 === 0 ? error.message : thrown(error) },
        message,
      );
  },
  console:
    () =>
    ({ level, message, fields, error }) =>
      write(
        `[${level}] ${message} ${inspect(error === null ? fields : thrown(error), { colors: level === "warn" })}\n`,
      ),
};

const http = wanted === "pino-http" ? await pinoHttpCalls() : null;
const call = http === null ? loggers[wanted]() : http.call;
let n = 0;
for await (const line of createInterface({ input: process.stdin })) {
  await call(JSON.parse(line), n);
  // Streams of winston write in the next turn.
  await new Promise((resolve) => setTimeout(resolve, 2));
  write("\u001e");
  n += 1;
}
http?.close();
