const subjects = ['transaction', 'balance', 'hold', 'item', 'account'] as const;
type Subject = (typeof subjects)[number];

/** A response whose subject is there: Protobuf makes every message field optional, the contract does not. */
export type Complete<Message> = {
  [K in keyof Message]: K extends Subject ? NonNullable<Message[K]> : Message[K];
};

/**
 * Checks that a response has the messages that the contract promises, and returns it.
 *
 * @throws {Error} when one is missing: such a response counts as unreadable
 */
export function complete<Message extends object>(message: Message): Complete<Message> {
  if (!isComplete(message)) throw new Error('the response lacks its subject');
  return message;
}

function isComplete<Message extends object>(message: Message): message is Message & Complete<Message> {
  const fields = new Map<string, unknown>(Object.entries(message));
  return subjects.every((subject) => !fields.has(subject) || fields.get(subject) !== undefined);
}
