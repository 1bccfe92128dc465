import type { components } from './schema';

type Schemas = components['schemas'];

export type Organisation = Schemas['Organisation'];
export type Session = Schemas['SessionInfo'];
export type App = Schemas['App'];

export type AppPatch = Schemas['AppPatch'];

export type NewCredential = Schemas['NewCredential'];
export type SecretKey = Schemas['SecretKey'];
export type ActionName = SecretKey['actions'][number];
export type PublishableKey = Schemas['ClientKey'];
export type ClientAction = PublishableKey['actions'][number];
export type CreatedKey = Schemas['CreatedKey'];
export type Signing = Schemas['Signing'];
export type Receipt = Schemas['Receipt'];
