// An application as the guide of express-openid-connect writes it, proven by a key of its own if it has no secret.
import { generateKeyPairSync } from 'node:crypto';

import express from 'express';
import middleware from 'express-openid-connect';

import { serve } from './line_protocol.mjs';

const { auth, requiresAuth } = middleware;
const state = {};

const proof = (client_secret) =>
  client_secret
    ? { clientSecret: client_secret, clientAuthMethod: 'client_secret_basic' }
    : {
        clientAuthMethod: 'private_key_jwt',
        clientAssertionSigningKey: state.key,
        clientAssertionSigningAlg: 'RS256',
      };

const application = ({ endpoint, client_id, client_secret, baseURL }) => {
  const app = express();
  app.use(
    auth({
      issuerBaseURL: `${endpoint}/oidc`,
      baseURL,
      clientID: client_id,
      ...proof(client_secret),
      secret: 'a secret of the application',
      authRequired: false,
      idpLogout: true,
      authorizationParams: {
        response_type: 'code',
        scope: 'openid email offline_access',
        prompt: 'consent',
      },
      routes: { postLogoutRedirect: '/signed-out' },
    }),
  );
  app.get('/', (request, response) => {
    response.json({
      is_authenticated: request.oidc.isAuthenticated(),
      claims: request.oidc.idTokenClaims ?? null,
      access_token: request.oidc.accessToken?.access_token ?? null,
    });
  });
  app.get('/userinfo', requiresAuth(), async (request, response) => {
    response.json(await request.oidc.fetchUserInfo());
  });
  app.get('/refresh', requiresAuth(), async (request, response) => {
    response.json(await request.oidc.accessToken.refresh());
  });
  return app;
};

await serve({
  make_keys() {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    state.key = privateKey.export({ format: 'jwk' });
    return { keys: [{ ...publicKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'foreign' }] };
  },

  async listen({ port, ...given }) {
    const baseURL = `http://localhost:${port}`;
    const app = application({ ...given, baseURL });
    await new Promise((resolve) => app.listen(port, '127.0.0.1', resolve));
    return baseURL;
  },
});
