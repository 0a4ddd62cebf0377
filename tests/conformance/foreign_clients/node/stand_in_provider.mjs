// The certified oidc-provider behind the paths and pages of this server: the second opinion on every walk.
// Red against both means that the test is wrong; red against the server alone means that the server is.
import { generateKeyPairSync, randomBytes, randomInt } from 'node:crypto';
import { createServer } from 'node:http';

import express from 'express';
import { Provider } from 'oidc-provider';

import { serve } from './line_protocol.mjs';

const page = (title, forms) =>
  `<!doctype html><html lang="en"><title>${title}</title><h1>${title}</h1>${forms}</html>`;
const field = (name) => `<label>${name} <input name="${name}"></label>`;
const form = (action, token, content) =>
  `<form method="post" action="${action}"><input type="hidden" name="form_token" value="${token}">${content}<button>Continue</button></form>`;

const signingKey = () => ({
  ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }),
  alg: 'RS256',
  use: 'sig',
  kid: 'stand-in',
});

const claimsOf = (email) => ({ sub: `person-${email}`, email, email_verified: true });

const configuration = {
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'username'] },
  clientDefaults: { grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] },
  cookies: { keys: [randomBytes(16).toString('hex')] },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: true },
    registration: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (ctx, audience) => ({
        accessTokenFormat: 'jwt', audience, jwt: { sign: { alg: 'RS256' } }, scope: '',
      }),
    },
    revocation: { enabled: true },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource(ctx, confirmation) {
        const ours = confirmation
          .replace(/action="[^"]*"/, 'action="/sign-out"')
          .replace('</form>', '<input type="hidden" name="logout" value="yes"><button>Sign out</button></form>');
        ctx.body = page('Sign out', ours);
      },
    },
  },
  findAccount: (ctx, email) => ({ accountId: email, claims: () => claimsOf(email) }),
  interactions: { url: (ctx, interaction) => `/sign-in/${interaction.uid}` },
  jwks: { keys: [signingKey()] },
  pkce: { required: () => true },
  routes: {
    authorization: '/auth',
    end_session: '/session/end',
    introspection: '/token/introspection',
    jwks: '/jwks',
    registration: '/reg',
    revocation: '/token/revocation',
    token: '/token',
    userinfo: '/me',
  },
  subjectTypes: ['public'],
};

async function grantWhatIsAsked(provider, details) {
  const { params, session, prompt } = details;
  const grant = details.grantId
    ? await provider.Grant.find(details.grantId)
    : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  if (prompt.details.missingOIDCScope) grant.addOIDCScope(prompt.details.missingOIDCScope.join(' '));
  if (prompt.details.missingOIDCClaims) grant.addOIDCClaims(prompt.details.missingOIDCClaims);
  return { consent: { grantId: await grant.save() } };
}

function pages(provider, mails, accounts) {
  const steps = new Map();
  const routes = express.Router();
  routes.use(express.urlencoded({ extended: false }));
  routes.use('/sign-in/:uid', async (request, response, next) => {
    request.details = await provider.interactionDetails(request, response);
    const { uid } = request.details;
    if (!steps.has(uid)) steps.set(uid, { token: randomBytes(16).toString('hex') });
    request.step = steps.get(uid);
    if (request.method === 'POST' && request.body.form_token !== request.step.token) {
      return response.status(403).send(page('The form token is missing', ''));
    }
    return next();
  });

  const signedIn = (request, response) => {
    accounts.add(request.step.email);
    return provider.interactionFinished(request, response, { login: { accountId: request.step.email } });
  };

  routes.get('/sign-in/:uid', async (request, response) => {
    const { details, step } = request;
    if (details.prompt.name === 'consent') {
      return provider.interactionFinished(request, response, await grantWhatIsAsked(provider, details));
    }
    return response.send(page('Sign in', form(`/sign-in/${details.uid}`, step.token, field('email'))));
  });
  routes.post('/sign-in/:uid', (request, response) => {
    const { details, step } = request;
    step.email = request.body.email;
    step.code = String(randomInt(1_000_000)).padStart(6, '0');
    mails.unshift({
      to: step.email, code: step.code, text: step.code, sent_at: new Date().toISOString(),
    });
    response.redirect(303, `/sign-in/${details.uid}/code`);
  });
  routes.get('/sign-in/:uid/code', ({ details, step }, response) => {
    const here = `/sign-in/${details.uid}`;
    response.send(
      page('Enter the code', form(`${here}/resend`, step.token, '') + form(`${here}/code`, step.token, field('code'))),
    );
  });
  routes.post('/sign-in/:uid/code', (request, response) => {
    const { details, step } = request;
    if (request.body.code !== step.code) return response.redirect(303, `/sign-in/${details.uid}/code`);
    if (!accounts.has(step.email)) return response.redirect(303, `/sign-in/${details.uid}/create-account`);
    return signedIn(request, response);
  });
  routes.get('/sign-in/:uid/create-account', ({ details, step }, response) => {
    response.send(page('Create an account?', form(`/sign-in/${details.uid}/create-account`, step.token, '')));
  });
  routes.post('/sign-in/:uid/create-account', signedIn);
  routes.get('/dev/mail.json', (request, response) => {
    response.json(mails.filter((mail) => mail.to === request.query.to));
  });
  return routes;
}

await serve({
  async listen() {
    const app = express();
    const server = createServer(app);
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://localhost:${server.address().port}`;
    const provider = new Provider(`${endpoint}/oidc`, configuration);
    // Its empty answer to a revocation is called text, which oidc-client-ts does not take for an answer.
    provider.use(async (ctx, next) => {
      await next();
      if (ctx.oidc?.route === 'revocation' && ctx.status === 200) ctx.remove('Content-Type');
    });
    const answer = provider.callback();
    app.use((request, response, next) => {
      request.url = request.originalUrl = request.url.replace(/^\/+/, '/');
      next();
    });
    app.post('/sign-out', (request, response) => {
      request.url = '/session/end/confirm';
      request.baseUrl = '/oidc';
      request.originalUrl = '/oidc/session/end/confirm';
      answer(request, response);
    });
    app.use('/oidc', answer);
    app.use(pages(provider, [], new Set()));
    return endpoint;
  },
});
