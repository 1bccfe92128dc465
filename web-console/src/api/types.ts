import type { components } from './schema';

type Schemas = components['schemas'];

export type User = Schemas['User'];
export type Organisation = Schemas['Organisation'];
export type Session = Schemas['SessionView'];
export type App = Schemas['App'];
export type AppSettings = Schemas['AppSettings'];
export type AppLimits = Schemas['AppLimits'];
export type Credential = Schemas['Credential'];
export type NewCredential = Schemas['NewCredential'];
export type ScopedKey = Schemas['Key'];
export type Receipt = Schemas['Receipt'];
export type Channel = Schemas['Channel'];
export type Gateway = Schemas['Gateway'];
