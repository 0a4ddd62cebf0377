// An application as the @logto/express guide writes it, and one route that lets its access token expire.
import { handleAuthRoutes, withLogto } from '@logto/express';
import express from 'express';
import session from 'express-session';

import { serve } from './line_protocol.mjs';

const application = (config) => {
  const app = express();
  app.use(
    session({
      secret: 'a secret of the application',
      resave: false,
      saveUninitialized: false,
      cookie: { maxAge: 14 * 24 * 60 * 60 * 1000 },
    }),
  );
  app.use(handleAuthRoutes(config));
  app.get('/', withLogto(config), (request, response) => {
    response.json({ isAuthenticated: request.user.isAuthenticated, claims: request.user.claims });
  });
  app.get('/user-info', withLogto({ ...config, fetchUserInfo: true }), (request, response) => {
    response.json(request.user.userInfo ?? null);
  });
  app.get('/access-token', withLogto({ ...config, getAccessToken: true }), (request, response) => {
    response.json(request.user.accessToken ?? null);
  });
  app.get('/let-access-token-expire', (request, response) => {
    delete request.session.accessToken;
    response.json(null);
  });
  return app;
};

await serve({
  async listen({ port, ...config }) {
    const baseUrl = `http://localhost:${port}`;
    const app = application({ ...config, baseUrl });
    await new Promise((resolve) => app.listen(port, '127.0.0.1', resolve));
    return baseUrl;
  },
});
