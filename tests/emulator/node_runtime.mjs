// A runtime client on Node's own HTTP, which streams and fails as AWS's Node.js client does: with addTrailers().
// `test_runtime_clients.py` runs it; CONTROL is the test's port, at which it waits between two chunks.
import http from "node:http";
import net from "node:net";
import { once } from "node:events";

const [hostname, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

async function next() {
  const request = http.get({ hostname, port, agent, path: "/2018-06-01/runtime/invocation/next" });
  const [response] = await once(request, "response");
  let body = "";
  for await (const chunk of response) body += chunk;
  return { headers: response.headers, event: JSON.parse(body) };
}

async function waitForTest() {
  const socket = net.connect(Number(process.env.CONTROL), "127.0.0.1");
  socket.write("here");
  await once(socket, "data");
  socket.destroy();
}

async function answer({ headers, event }) {
  const request = http.request({
    hostname,
    port,
    method: "POST",
    path: `/2018-06-01/runtime/invocation/${headers["lambda-runtime-aws-request-id"]}/response`,
    headers: {
      "Content-Type": "text/x-node",
      "Lambda-Runtime-Function-Response-Mode": "streaming",
      "Lambda-Runtime-Invocation-Id": headers["lambda-runtime-invocation-id"],
      Trailer: ["Lambda-Runtime-Function-Error-Type", "Lambda-Runtime-Function-Error-Body"],
    },
  });
  const answered = once(request, "response");
  request.setNoDelay(true);
  request.write("first ");
  if (event.do === "wait") await waitForTest();
  request.write("second");
  if (event.do === "fail") {
    const error = { errorType: "Error", errorMessage: "too late", trace: [] };
    request.addTrailers({
      "Lambda-Runtime-Function-Error-Type": "Function.Error",
      "Lambda-Runtime-Function-Error-Body": Buffer.from(JSON.stringify(error)).toString("base64"),
    });
  }
  request.end();
  const [response] = await answered;
  response.resume();
}

for (;;) await answer(await next());
