import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Owner } from '../../api/webhooks';

/** A link to one endpoint, wherever it lives. */
export function EndpointLink({
  owner,
  id,
  className,
  children,
}: {
  owner: Owner;
  id: string;
  className?: string | undefined;
  children: ReactNode;
}) {
  return owner.of === 'apps' ? (
    <Link
      to="/apps/$appId/webhooks/$endpointId"
      params={{ appId: owner.id, endpointId: id }}
      className={className}
    >
      {children}
    </Link>
  ) : (
    <Link
      to="/organisations/$orgId/webhooks/$endpointId"
      params={{ orgId: owner.id, endpointId: id }}
      className={className}
    >
      {children}
    </Link>
  );
}

export function AllEndpointsLink({
  owner,
  className,
  children,
}: {
  owner: Owner;
  className?: string | undefined;
  children: ReactNode;
}) {
  return owner.of === 'apps' ? (
    <Link to="/apps/$appId/webhooks" params={{ appId: owner.id }} className={className}>
      {children}
    </Link>
  ) : (
    <Link to="/organisations/$orgId/webhooks" params={{ orgId: owner.id }} className={className}>
      {children}
    </Link>
  );
}
