// A relying party on the bare functions of oauth4webapi: each answer is checked by the step that reads it.
import * as oauth from 'oauth4webapi';

import { serve } from './line_protocol.mjs';

const options = { [oauth.allowInsecureRequests]: true };
const state = { client: {} };

const authentications = {
  basic: ({ client_secret }) => oauth.ClientSecretBasic(client_secret),
  post: ({ client_secret }) => oauth.ClientSecretPost(client_secret),
  none: () => oauth.None(),
  private_key_jwt: () => oauth.PrivateKeyJwt({ key: state.keys.privateKey, kid: 'foreign' }),
};

// The library's own checks, and the signature, which it leaves to TLS unless it is asked.
async function checkedTokens(response, process, expected) {
  const tokens = await process(state.server, state.client, response, expected);
  await oauth.validateApplicationLevelSignature(state.server, response, options);
  return { tokens, claims: oauth.getValidatedIdTokenClaims(tokens) };
}

await serve({
  async make_keys() {
    state.keys = await oauth.generateKeyPair('ES256', { extractable: true });
    const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', state.keys.publicKey);
    return { keys: [{ kty, crv, x, y, kid: 'foreign', use: 'sig', alg: 'ES256' }] };
  },

  async discover({ endpoint, client_id, authentication, ...given }) {
    const issuer = new URL(`${endpoint}/oidc`);
    const response = await oauth.discoveryRequest(issuer, options);
    state.server = await oauth.processDiscoveryResponse(issuer, response);
    state.client = { client_id };
    state.authentication = authentications[authentication](given);
    return state.server;
  },

  async authorize(parameters) {
    state.verifier = oauth.generateRandomCodeVerifier();
    state.nonce = oauth.generateRandomNonce();
    state.state = oauth.generateRandomState();
    state.redirect_uri = parameters.redirect_uri;
    const url = new URL(state.server.authorization_endpoint);
    url.search = new URLSearchParams({
      response_type: 'code',
      client_id: state.client.client_id,
      code_challenge: await oauth.calculatePKCECodeChallenge(state.verifier),
      code_challenge_method: 'S256',
      nonce: state.nonce,
      state: state.state,
      ...parameters,
    });
    return url.href;
  },

  async exchange({ callback_url, resource }) {
    const parameters = oauth.validateAuthResponse(
      state.server, state.client, new URL(callback_url), state.state,
    );
    const response = await oauth.authorizationCodeGrantRequest(
      state.server, state.client, state.authentication, parameters, state.redirect_uri, state.verifier,
      { ...options, additionalParameters: resource ? { resource } : {} },
    );
    const answer = await checkedTokens(
      response, oauth.processAuthorizationCodeResponse, { expectedNonce: state.nonce, requireIdToken: true },
    );
    Object.assign(state, answer);
    return answer;
  },

  async userinfo() {
    const response = await oauth.userInfoRequest(
      state.server, state.client, state.tokens.access_token, options,
    );
    return oauth.processUserInfoResponse(state.server, state.client, state.claims.sub, response);
  },

  async refresh({ resource }) {
    const response = await oauth.refreshTokenGrantRequest(
      state.server, state.client, state.authentication, state.tokens.refresh_token,
      { ...options, additionalParameters: resource ? { resource } : {} },
    );
    const answer = await checkedTokens(response, oauth.processRefreshTokenResponse);
    Object.assign(state, answer);
    return answer;
  },

  async introspect() {
    const response = await oauth.introspectionRequest(
      state.server, state.client, state.authentication, state.tokens.access_token, options,
    );
    return oauth.processIntrospectionResponse(state.server, state.client, response);
  },

  async read_access_token({ audience }) {
    const request = new Request(audience, {
      headers: { authorization: `Bearer ${state.tokens.access_token}` },
    });
    return oauth.validateJwtAccessToken(state.server, request, audience, options);
  },

  async revoke() {
    const response = await oauth.revocationRequest(
      state.server, state.client, state.authentication, state.tokens.refresh_token, options,
    );
    return oauth.processRevocationResponse(response);
  },

  end_session_url({ post_logout_redirect_uri }) {
    const url = new URL(state.server.end_session_endpoint);
    url.search = new URLSearchParams({ id_token_hint: state.tokens.id_token, post_logout_redirect_uri });
    return url.href;
  },
});
