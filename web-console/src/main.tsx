import { MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { queryClient, whenSignedOut } from './api/query-client';
import { sessionQuery } from './api/session';
import { router } from './router';
import './styles/mantine.css';
import './styles/base.css';
import { colorScheme, theme } from './theme';

whenSignedOut(() => {
  if (queryClient.getQueryData(sessionQuery.queryKey) === null) return;
  const next = router.state.location.href;
  queryClient.setQueryData(sessionQuery.queryKey, null);
  void router.navigate({ to: '/login', search: { next } });
});

const container = document.getElementById('root');
if (!container) throw new Error('index.html has no #root');

createRoot(container).render(
  <StrictMode>
    <MantineProvider theme={theme} colorSchemeManager={colorScheme} defaultColorScheme="auto">
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
