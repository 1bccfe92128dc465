import { Outlet, useParams } from '@tanstack/react-router';
import { LiveProvider } from '../live/live-context';

/** What all rooms of one app share: its live socket. Another app gets another one. */
export default function AppFrame() {
  const { appId } = useParams({ from: '/signed-in/apps/$appId' });
  return (
    <LiveProvider key={appId} appId={appId}>
      <Outlet />
    </LiveProvider>
  );
}
