import { notifications } from '@mantine/notifications';

/** A short word at the edge of the screen that something was done. */
export function notify(message: string): void {
  notifications.show({ message, closeButtonProps: { 'aria-label': 'Dismiss' } });
}
