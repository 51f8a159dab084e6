export { type Script, type ScriptedLedger, startScriptedLedger } from './testing/scripted-ledger';
export type { RequestOf, ResponseOf, RpcName } from './rpc-types';
export type { PartialMessage } from './testing/scripted-rpcs';
export { fails, refuses, replies, sends, staysSilent } from './testing/steps';
export type { CallFailure, FailureParts, ReplyParts, ScriptedCall, Step } from './testing/steps';
