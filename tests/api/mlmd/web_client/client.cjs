// Makes calls through a gRPC-web client: node client.cjs URL CLIENT FORMAT, where CLIENT is google (grpc-web, which
// Kubeflow Pipelines' pages use) or improbable (@improbable-eng/grpc-web) and FORMAT is binary or text.
// Reads {proto, calls: [[name, request, headers?], ...]} from stdin; prints one {code, message, answer} for each call.
// Messages are described by the .proto files themselves.

const protobuf = require('protobufjs')

const SERVICE = 'ml_metadata.MetadataStoreService'

function service(folder) {
  const root = new protobuf.Root()
  root.resolvePath = (_, target) => (target.startsWith('google/') ? target : `${folder}/${target.split('/').pop()}`)
  root.loadSync('metadata_store_service.proto', { keepCase: true })
  return root.lookupService(SERVICE).resolveAll()
}

// -- each client as a function: (url, format) -> (name, bytes, headers) -> Promise of {code, message, body}

function google(url, format) {
  globalThis.XMLHttpRequest = require('xhr2')
  const { GrpcWebClientBase, MethodDescriptor, MethodType } = require('grpc-web')
  const client = new GrpcWebClientBase({ format })
  return (name, bytes, headers) =>
    new Promise((resolve) => {
      const path = `/${SERVICE}/${name}`
      const method = new MethodDescriptor(path, MethodType.UNARY, Object, Object, (request) => request, (body) => body)
      client.rpcCall(url + path, bytes, headers, method, (error, body) =>
        resolve(error ? { code: error.code, message: error.message } : { code: 0, message: '', body }))
    })
}

function improbable(url, format) {
  const { grpc } = require('@improbable-eng/grpc-web')
  const { NodeHttpTransport } = require('@improbable-eng/grpc-web-node-http-transport')
  grpc.setDefaultTransport(NodeHttpTransport())
  class Bytes {
    constructor(body) { this.body = body }
    serializeBinary() { return this.body }
    toObject() { return {} }
    static deserializeBinary(body) { return new Bytes(body) }
  }
  if (format === 'text') throw new Error('@improbable-eng/grpc-web speaks binary only')
  return (name, bytes, headers) =>
    new Promise((resolve) => {
      const method = {
        methodName: name, service: { serviceName: SERVICE }, requestStream: false, responseStream: false,
        requestType: Bytes, responseType: Bytes,
      }
      grpc.unary(method, {
        host: url, request: new Bytes(bytes), metadata: headers,
        onEnd: ({ status, statusMessage, message }) =>
          resolve({ code: status, message: statusMessage, body: message && message.body }),
      })
    })
}

async function main([url, client, format]) {
  const { proto, calls } = JSON.parse(require('node:fs').readFileSync(0, 'utf8'))
  const { methods } = service(proto)
  const call = { google, improbable }[client](url, format)
  for (const [name, request, headers = {}] of calls) {
    const { resolvedRequestType: asked, resolvedResponseType: told } = methods[name]
    const { code, message, body } = await call(name, asked.encode(asked.fromObject(request)).finish(), headers)
    const answer = body ? told.toObject(told.decode(body), { longs: Number, enums: String, bytes: String }) : null
    console.log(JSON.stringify({ code, message, answer }))
  }
}

main(process.argv.slice(2))
