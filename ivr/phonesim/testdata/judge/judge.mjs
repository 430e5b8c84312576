// An application that answers every webhook with what Twilio's own library for node says of its
// signature: 200 or 403. Prints its port when it listens.
import { createServer } from 'node:http'
import twilio from 'twilio'

const [token] = process.argv.slice(2)
const server = createServer((request, response) => {
  let body = ''
  request.on('data', (part) => { body += part })
  request.on('end', () => {
    const params = Object.fromEntries(new URLSearchParams(body))
    const url = `http://${request.headers.host}${request.url}`
    const good = twilio.validateRequest(token, request.headers['x-twilio-signature'] ?? '', url, params)
    response.writeHead(good ? 200 : 403, { 'content-type': 'text/xml' })
    response.end('<Response/>')
  })
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
