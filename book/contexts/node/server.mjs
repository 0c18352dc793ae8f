// goes into: the server, beside its `listen`
import { createServer } from "node:http";
const server = createServer(() => {});
@@
if (!(server.keepAliveTimeout > 0)) process.exit(1);
