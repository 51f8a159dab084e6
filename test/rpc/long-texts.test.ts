import { serviceSettings, databaseSettings } from '@ledger/kit/ledger/service-settings';
import { AddRouteRequest, PeepcoinsServiceService } from '@ledger/proto/peepcoins/v1/peepcoins_service';
import { startPeepcoins } from '../../services/peepcoins/src/server';
import { checkHealth } from '../harness/health-client';
import { RawClient, type RawCall } from '../harness/raw-client';
import { rawCalls } from '../harness/raw-calls';
import { refusalOf } from '../harness/refusal';
import { startService, type ServiceUnderTest } from '../harness/service-under-test';

/** Less than any rpc may take, and more than the headers of an answer may have. */
const LONG = 'X'.repeat(50_000);
/** What many clients have room for. */
const HEADERS = { 'grpc.max_metadata_size': 8 * 1024 };

const account = { userId: 'ada', asset: 'GOLD' };

describe('a text of 50 kB', () => {
  let system: ServiceUnderTest;
  let ledger: RawClient;
  let peepcoins: RawClient;

  beforeAll(async () => {
    system = await startService((environment, log) =>
      startPeepcoins({ ...serviceSettings(environment, ''), ...databaseSettings(environment) }, log),
    );
    ledger = new RawClient(system.ledger.servers[0]!.address, HEADERS);
    peepcoins = new RawClient(system.address, HEADERS);
  });
  afterAll(async () => {
    ledger.close();
    peepcoins.close();
    await system.dispose();
  });

  it.each<[where: string, call: RawCall, field: string]>([
    [
      'an asset whose legs are not balanced',
      rawCalls.postTransaction({
        ...{ requestId: 'r', userId: 'ada' },
        legs: [
          { userId: 'ada', asset: LONG, change: 1n },
          { userId: 'bob', asset: 'GOLD', change: 1n },
        ],
      }),
      'legs',
    ],
    [
      'the key of a pair',
      rawCalls.credit({ ...account, amount: 1n, metadata: { [LONG]: '' } }),
      'request_id',
    ],
    ['a name in a mask', rawCalls.updateAccount({ ...account, updateMask: [LONG] }), 'update_mask'],
    ['a page token', rawCalls.listEntries({ ...account, pageToken: LONG }), 'page_token'],
    ['an id', rawCalls.getTransaction({ transactionId: LONG }), 'transaction_id'],
  ])('as %s is refused with an error that every client has room for', async (_where, call, field) => {
    const refusal = refusalOf(await ledger.send(call));
    expect(refusal).toMatchObject({ code: 'INVALID_ARGUMENT', reason: 'INVALID_FIELD' });
    expect(refusal.fields).toContain(field);
  });

  it('in a request of a service is refused in the same way', async () => {
    const bytes = AddRouteRequest.encode(
      AddRouteRequest.fromPartial({ requestId: LONG, userId: 'ada', name: LONG.slice(0, 10_000) }),
    ).finish();
    const answer = await peepcoins.send({
      path: PeepcoinsServiceService.addRoute.path,
      bytes: Buffer.from(bytes),
    });
    expect(refusalOf(answer)).toMatchObject({ code: 'INVALID_ARGUMENT', reason: 'INVALID_FIELD' });
  });

  it('as the name of a service is not repeated by the health check', async () => {
    await expect(checkHealth(system.address, LONG)).rejects.toMatchObject({
      details: expect.stringMatching(/^no service X{64,}…$/) as unknown,
    });
  });
});
