// A relying party on openid-client with every check that it offers switched on.
import * as client from 'openid-client';

import { serve } from './line_protocol.mjs';

const authentications = {
  basic: client.ClientSecretBasic,
  post: client.ClientSecretPost,
  none: client.None,
};
const state = {};

await serve({
  async discover({ endpoint, client_id, client_secret, authentication }) {
    state.config = await client.discovery(
      new URL(`${endpoint}/oidc`),
      client_id,
      undefined,
      authentications[authentication](client_secret),
      { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] },
    );
    return state.config.serverMetadata();
  },

  async authorize(parameters) {
    state.expected = {
      pkceCodeVerifier: client.randomPKCECodeVerifier(),
      expectedNonce: client.randomNonce(),
      expectedState: client.randomState(),
      maxAge: parameters.max_age && Number(parameters.max_age),
      idTokenExpected: true,
    };
    const url = client.buildAuthorizationUrl(state.config, {
      ...parameters,
      code_challenge: await client.calculatePKCECodeChallenge(state.expected.pkceCodeVerifier),
      code_challenge_method: 'S256',
      nonce: state.expected.expectedNonce,
      state: state.expected.expectedState,
    });
    return url.href;
  },

  async exchange({ callback_url }) {
    state.tokens = await client.authorizationCodeGrant(
      state.config,
      new URL(callback_url),
      state.expected,
    );
    state.subject = state.tokens.claims().sub;
    return { tokens: state.tokens, claims: state.tokens.claims() };
  },

  async userinfo() {
    return client.fetchUserInfo(state.config, state.tokens.access_token, state.subject);
  },

  async refresh() {
    state.tokens = await client.refreshTokenGrant(state.config, state.tokens.refresh_token);
    return { tokens: state.tokens, claims: state.tokens.claims() };
  },

  async refresh_in_parallel({ times }) {
    const presented = state.tokens.refresh_token;
    const answers = await Promise.all(
      Array.from({ length: times }, () => client.refreshTokenGrant(state.config, presented)),
    );
    [state.tokens] = answers;
    return answers;
  },

  async introspect() {
    return client.tokenIntrospection(state.config, state.tokens.access_token);
  },

  async revoke() {
    await client.tokenRevocation(state.config, state.tokens.refresh_token);
  },

  async end_session_url({ post_logout_redirect_uri }) {
    const url = client.buildEndSessionUrl(state.config, {
      post_logout_redirect_uri,
      id_token_hint: state.tokens.id_token,
      state: 'signed out & "done"',
    });
    return url.href;
  },
});
