// An OpenID provider for tests: panva's oidc-provider with accounts that a test sets, its own sign-in
// and consent pages, and new signing keys at each start. Arguments: port, the site's URL.
// POST /test/accounts {"alice": {"name": …, "groups": […]}} adds to who can sign in.
import { createServer } from 'node:http';
import { randomUUID, webcrypto } from 'node:crypto';

globalThis.crypto ??= webcrypto; // Node 18, Debian 12's own, has it under that name alone
const { exportJWK, generateKeyPair } = await import('jose');
const { default: Provider } = await import('oidc-provider');

const [port, site] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const accounts = new Map();

const { privateKey } = await generateKeyPair('RS256', { extractable: true });
const key = { ...(await exportJWK(privateKey)), kid: randomUUID(), use: 'sig', alg: 'RS256' };

const client = (id) => ({
  client_id: id,
  client_secret: `${id}-secret`,
  redirect_uris: [`${site}/staff/sign-in/oidc/callback`],
  post_logout_redirect_uris: [`${site}/staff/sign-in`],
  grant_types: ['authorization_code'],
  response_types: ['code'],
});

const provider = new Provider(issuer, {
  clients: [client('muster'), client('other')],
  jwks: { keys: [key] },
  cookies: { keys: [randomUUID()] },
  scopes: ['openid', 'profile', 'email', 'groups'],
  claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'], groups: ['groups'] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  findAccount: (_, id) => accounts.has(id) && { accountId: id, claims: () => ({ sub: id, ...accounts.get(id) }) },
});

const serve = provider.callback();
createServer((req, res) => {
  if (req.method !== 'POST' || req.url !== '/test/accounts') return serve(req, res);
  let body = '';
  req.on('data', (part) => { body += part; });
  req.on('end', () => {
    for (const [id, claims] of Object.entries(JSON.parse(body))) accounts.set(id, claims);
    res.writeHead(204).end();
  });
}).listen(Number(port), '127.0.0.1', () => console.log('ready'));
