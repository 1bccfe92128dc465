import type { components } from './schema';

type Schemas = components['schemas'];

/** Whose endpoints: those of one app, or those that hear what concerns the whole organisation. */
export type Owner = { of: 'apps' | 'organisations'; id: string };

export type Form = Schemas['Form'];
export type DeliveryState = Schemas['DeliveryState'];
export type Endpoint = Schemas['Webhook'];
export type NewEndpoint = Schemas['NewWebhook'];
export type EndpointPatch = Schemas['WebhookPatch'];
export type CreatedEndpoint = Schemas['CreatedWebhook'];
export type RotatedSecret = Schemas['RotatedWebhookSecret'];
export type Delivery = Schemas['WebhookDelivery'];
export type Attempt = Schemas['WebhookAttempt'];
/** An attempt as it was sent and answered. */
export type Exchange = Schemas['Attempt'];
/** The same, with what it carried. */
export type AttemptDetails = Schemas['WebhookExchange'];
