// A script that a test starts and kills. Boots etcd in the folder of its argument and prints that.
import { startStack } from "../../infra/stack/stack.ts";

const folder = process.argv[2];
if (folder === undefined) throw new Error("a folder is missing");
await startStack({ kafka: false, elasticsearch: false, folder });
process.stdout.write("up\n");
