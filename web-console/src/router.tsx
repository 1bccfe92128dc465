import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  notFound,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import { z } from 'zod/mini';
import { appQuery, appsQuery } from './api/apps';
import { queryClient } from './api/query-client';
import { sessionQuery } from './api/session';
import { FramePending, NotFound, RouteError, RoutePending } from './frame/fallbacks';
import { lastApp } from './frame/last-app';
import { safeNext } from './frame/safe-next';
import { KINDS, LIVE_DIALECTS } from './live/event';
import { SPAN_IDS } from './live/spans';
import { isSettingsSection } from './rooms/settings/sections';

const root = createRootRouteWithContext<{ queries: QueryClient }>()({ component: Outlet });

const entrance = z.object({ next: z.optional(z.string()) });

/** Log in and sign up are for people without a session; others go on to where they wanted to be. */
async function onlySignedOut({
  context,
  search,
}: {
  context: { queries: QueryClient };
  search: { next?: string };
}) {
  const session = await context.queries.ensureQueryData(sessionQuery).catch(() => null);
  if (session) throw redirect({ href: safeNext(search.next) });
}

const signUp = createRoute({
  getParentRoute: () => root,
  path: '/signup',
  validateSearch: entrance,
  beforeLoad: onlySignedOut,
  component: lazyRouteComponent(() => import('./rooms/entrance/sign-up')),
});

const logIn = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: entrance,
  beforeLoad: onlySignedOut,
  component: lazyRouteComponent(() => import('./rooms/entrance/log-in')),
});

const forgotPassword = createRoute({
  getParentRoute: () => root,
  path: '/forgot-password',
  component: lazyRouteComponent(() => import('./rooms/entrance/forgot-password')),
});

const resetPassword = createRoute({
  getParentRoute: () => root,
  path: '/reset-password',
  component: lazyRouteComponent(() => import('./rooms/entrance/reset-password')),
});

const verifyEmail = createRoute({
  getParentRoute: () => root,
  path: '/verify-email',
  component: lazyRouteComponent(() => import('./rooms/entrance/verify-email')),
});

const invitation = createRoute({
  getParentRoute: () => root,
  path: '/invitation',
  component: lazyRouteComponent(() => import('./rooms/entrance/invitation')),
});

const signedIn = createRoute({
  getParentRoute: () => root,
  id: 'signed-in',
  beforeLoad: async ({ context, location }) => {
    const session = await context.queries.ensureQueryData(sessionQuery);
    if (!session)
      throw redirect({ to: '/login', search: location.href === '/' ? {} : { next: location.href } });
    return { session };
  },
  pendingComponent: FramePending,
  component: lazyRouteComponent(() => import('./frame/shell')),
});

const home = createRoute({
  getParentRoute: () => signedIn,
  path: '/',
  beforeLoad: async ({ context }) => {
    const lists = await Promise.all(
      context.session.organisations.map((org) => context.queries.ensureQueryData(appsQuery(org.id))),
    );
    const apps = lists.flat();
    const app = apps.find((candidate) => candidate.id === lastApp.get()) ?? apps[0];
    if (app) throw redirect({ to: '/apps/$appId', params: { appId: app.id } });
    const organisation = context.session.organisations[0];
    if (organisation) throw redirect({ to: '/organisations/$orgId', params: { orgId: organisation.id } });
  },
});

const account = createRoute({
  getParentRoute: () => signedIn,
  path: '/account',
  component: lazyRouteComponent(() => import('./rooms/account/profile')),
});

const security = createRoute({
  getParentRoute: () => signedIn,
  path: '/account/security',
  component: lazyRouteComponent(() => import('./rooms/account/security')),
});

const organisation = createRoute({
  getParentRoute: () => signedIn,
  path: '/organisations/$orgId',
  component: lazyRouteComponent(() => import('./frame/organisation-frame')),
});

const organisationApps = createRoute({
  getParentRoute: () => organisation,
  path: '/',
  component: lazyRouteComponent(() => import('./rooms/organisation/organisation')),
});

const team = createRoute({
  getParentRoute: () => organisation,
  path: '/team',
  component: lazyRouteComponent(() => import('./rooms/team/team')),
});

const tokens = createRoute({
  getParentRoute: () => organisation,
  path: '/tokens',
  component: lazyRouteComponent(() => import('./rooms/tokens/tokens')),
});

/** A text from the address. One of digits alone is read as a number there. */
const text = z.optional(z.pipe(z.union([z.string(), z.number()]), z.transform(String)));

const audit = createRoute({
  getParentRoute: () => organisation,
  path: '/audit',
  validateSearch: z.object({
    actor: text,
    action: text,
    subject: text,
    app: text,
    from: text,
    to: text,
  }),
  component: lazyRouteComponent(() => import('./rooms/audit/audit')),
});

const billing = createRoute({
  getParentRoute: () => organisation,
  path: '/billing',
  component: lazyRouteComponent(() => import('./rooms/billing/billing')),
});

const invoice = createRoute({
  getParentRoute: () => organisation,
  path: '/billing/invoices/$number',
  component: lazyRouteComponent(() => import('./rooms/billing/invoice')),
});

const spanSearch = z.object({ span: z.optional(z.enum(['hour', 'day', 'week', 'month', 'year'])) });

const organisationUsage = createRoute({
  getParentRoute: () => organisation,
  path: '/usage',
  validateSearch: spanSearch,
  component: lazyRouteComponent(() => import('./rooms/usage/organisation-usage')),
});

const hooksTab = z.object({ tab: z.optional(z.enum(['deliveries', 'attempts', 'verify'])) });

const organisationWebhooks = createRoute({
  getParentRoute: () => organisation,
  path: '/webhooks',
  component: lazyRouteComponent(() => import('./rooms/webhooks/room'), 'OrganisationWebhooks'),
});

const organisationEndpoint = createRoute({
  getParentRoute: () => organisation,
  path: '/webhooks/$endpointId',
  validateSearch: hooksTab,
  component: lazyRouteComponent(() => import('./rooms/webhooks/room'), 'OrganisationEndpoint'),
});

const organisationSettings = createRoute({
  getParentRoute: () => organisation,
  path: '/settings',
  component: lazyRouteComponent(() => import('./rooms/organisation/settings')),
});

const app = createRoute({
  getParentRoute: () => signedIn,
  path: '/apps/$appId',
  loader: async ({ context, params }) => {
    await context.queries.ensureQueryData(appQuery(params.appId));
    lastApp.set(params.appId);
  },
  component: lazyRouteComponent(() => import('./frame/app-frame')),
});

const overview = createRoute({
  getParentRoute: () => app,
  path: '/',
  component: lazyRouteComponent(() => import('./rooms/overview/overview')),
});

const live = createRoute({
  getParentRoute: () => app,
  path: '/live',
  validateSearch: z.object({
    kinds: z.optional(z.array(z.enum(KINDS))),
    channel: z.optional(z.string()),
    event: z.optional(z.string()),
    socket: z.optional(z.string()),
    dialect: z.optional(z.enum(LIVE_DIALECTS)),
    q: z.optional(z.string()),
    last: z.optional(z.enum(SPAN_IDS)),
    at: z.optional(z.string()),
  }),
  component: lazyRouteComponent(() => import('./rooms/live/live')),
});

const channels = createRoute({
  getParentRoute: () => app,
  path: '/channels',
  component: lazyRouteComponent(() => import('./rooms/channels/channels')),
});

const keys = createRoute({
  getParentRoute: () => app,
  path: '/keys',
  validateSearch: z.object({ create: z.optional(z.boolean()) }),
  component: lazyRouteComponent(() => import('./rooms/keys/keys')),
});

const appUsage = createRoute({
  getParentRoute: () => app,
  path: '/usage',
  validateSearch: z.object({ ...spanSearch.shape, key: z.optional(z.string()) }),
  component: lazyRouteComponent(() => import('./rooms/usage/app-usage')),
});

const refusals = createRoute({
  getParentRoute: () => app,
  path: '/refusals',
  validateSearch: z.object({
    code: z.optional(z.string()),
    key: z.optional(z.string()),
    id: z.optional(z.string()),
  }),
  component: lazyRouteComponent(() => import('./rooms/refusals/refusals')),
});

const connections = createRoute({
  getParentRoute: () => app,
  path: '/connections',
  validateSearch: z.object({ channel: z.optional(z.string()), user: z.optional(z.string()) }),
  component: lazyRouteComponent(() => import('./rooms/connections/connections')),
});

const webhooks = createRoute({
  getParentRoute: () => app,
  path: '/webhooks',
  validateSearch: z.object({ create: z.optional(z.boolean()) }),
  component: lazyRouteComponent(() => import('./rooms/webhooks/room'), 'AppWebhooks'),
});

const endpoint = createRoute({
  getParentRoute: () => app,
  path: '/webhooks/$endpointId',
  validateSearch: hooksTab,
  component: lazyRouteComponent(() => import('./rooms/webhooks/room'), 'AppEndpoint'),
});

const settings = createRoute({ getParentRoute: () => app, path: '/settings' });

const settingsStart = createRoute({
  getParentRoute: () => settings,
  path: '/',
  beforeLoad: ({ params }) => {
    throw redirect({
      to: '/apps/$appId/settings/$section',
      params: { ...params, section: 'general' },
      replace: true,
    });
  },
});

const settingsSection = createRoute({
  getParentRoute: () => settings,
  path: '/$section',
  beforeLoad: ({ params }) => {
    if (!isSettingsSection(params.section)) throw notFound();
  },
  component: lazyRouteComponent(() => import('./rooms/settings/settings')),
});

export const router = createRouter({
  routeTree: root.addChildren([
    signUp,
    logIn,
    forgotPassword,
    resetPassword,
    verifyEmail,
    invitation,
    signedIn.addChildren([
      home,
      account,
      security,
      organisation.addChildren([
        organisationApps,
        organisationUsage,
        team,
        tokens,
        audit,
        billing,
        invoice,
        organisationWebhooks,
        organisationEndpoint,
        organisationSettings,
      ]),
      app.addChildren([
        overview,
        live,
        channels,
        connections,
        appUsage,
        refusals,
        keys,
        webhooks,
        endpoint,
        settings.addChildren([settingsStart, settingsSection]),
      ]),
    ]),
  ]),
  context: { queries: queryClient },
  defaultPreload: 'intent',
  defaultPreloadStaleTime: 0,
  defaultErrorComponent: RouteError,
  defaultNotFoundComponent: NotFound,
  defaultPendingComponent: RoutePending,
  defaultPendingMs: 200,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
