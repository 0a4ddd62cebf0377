// A relying party on @logto/node, with its storage in memory and its redirects told to the test.
import LogtoClient from '@logto/node';

import { serve } from './line_protocol.mjs';

const stored = new Map();
const storage = {
  getItem: async (key) => stored.get(key) ?? null,
  setItem: async (key, value) => void stored.set(key, value),
  removeItem: async (key) => void stored.delete(key),
};
const state = {};

await serve({
  async configure(config) {
    state.client = new LogtoClient(config, {
      storage,
      navigate: (url) => {
        state.navigated = url;
      },
    });
  },

  async sign_in({ options }) {
    await state.client.signIn(options);
    return state.navigated;
  },

  async exchange({ callback_url }) {
    await state.client.handleSignInCallback(callback_url);
    return { claims: await state.client.getIdTokenClaims(), refresh_token: await state.client.getRefreshToken() };
  },

  userinfo: () => state.client.fetchUserInfo(),

  async refresh({ resource }) {
    await state.client.clearAccessToken();
    const access_token = await state.client.getAccessToken(resource);
    return { access_token, refresh_token: await state.client.getRefreshToken() };
  },

  access_token_claims: ({ resource }) => state.client.getAccessTokenClaims(resource),

  async sign_out({ post_logout_redirect_uri }) {
    await state.client.signOut(post_logout_redirect_uri);
    return { url: state.navigated, is_authenticated: await state.client.isAuthenticated() };
  },
});
