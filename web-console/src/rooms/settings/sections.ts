/** The parts of an app's settings, each with a place of its own. Side list, phone's list and palette are drawn from it. */
export const SETTINGS_SECTIONS = [
  { id: 'general', label: 'General', group: 'App', keywords: 'name id rename' },
  {
    id: 'behaviour',
    label: 'Behaviour',
    group: 'App',
    keywords: 'client events counting watchlist authorised tls cache ping terminate',
  },
  { id: 'origins', label: 'Allowed origins', group: 'App', keywords: 'pages browsers cors domains' },
  {
    id: 'history',
    label: 'Live history',
    group: 'App',
    keywords: 'live history events payloads kept privacy retention',
  },
  { id: 'pusher', label: 'Pusher', group: 'Dialects', keywords: 'dialect protocol echo' },
  { id: 'relay', label: 'Relay', group: 'Dialects', keywords: 'dialect protocol auth endpoint' },
  {
    id: 'anycable',
    label: 'AnyCable',
    group: 'Dialects',
    keywords: 'dialect protocol streams whisper turbo',
  },
  { id: 'metered', label: 'Metered', group: 'Dialects', keywords: 'dialect protocol ice turn stun' },
  { id: 'limits', label: 'Limits', group: 'Use', keywords: 'connections rate size maximum' },
  { id: 'quota', label: 'Message quota', group: 'Use', keywords: 'cap overage share per day' },
  { id: 'danger', label: 'Danger zone', group: 'Apart', keywords: 'disable enable delete app' },
] as const;

export type SettingsSection = (typeof SETTINGS_SECTIONS)[number]['id'];

export function isSettingsSection(id: string): id is SettingsSection {
  return SETTINGS_SECTIONS.some((section) => section.id === id);
}
