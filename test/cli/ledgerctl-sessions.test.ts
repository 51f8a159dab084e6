import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import { LedgerctlShell } from '../harness/ledgerctl-shell';
import { consolesOf, replay } from '../harness/transcript';

// Each transcript is output of the program. The tests type its commands again and compare.

let ledger: LedgerUnderTest;
let shell: LedgerctlShell;

beforeEach(async () => {
  ledger = await startLedger(1);
  shell = await LedgerctlShell.open(ledger.servers[0]!.address);
});
afterEach(async () => {
  await shell.dispose();
  await ledger.dispose();
});

async function expectReplay(transcript: string): Promise<void> {
  const { actual, expected } = await replay(transcript, shell);
  expect(actual).toBe(expected);
}

test('the session in the README is what the program prints', async () => {
  const readme = readFileSync(join(__dirname, '../../clients/ledgerctl/README.md'), 'utf8');
  const session = consolesOf(readme);
  expect(session.match(/^\$ /gm)?.length).toBeGreaterThan(10);
  await expectReplay(session);
});

test('items have versions, prices and a list', () => expectReplay(ITEMS));

test('free movements are posted, found, reversed and listed in pages; accounts have settings and holds', () =>
  expectReplay(MOVEMENTS));

test('amounts are read and shown in whole units of their asset, or with --minor in its smallest unit', () =>
  expectReplay(AMOUNTS));

test('a batch prints the outcome of each write, the same on a retry, and refuses unknown fields', () =>
  expectReplay(BATCHES));

const ITEMS = String.raw`$ ledgerctl item put blt 'BLT, free' PEEP 20 --grant-asset COUPON:BLT --request-id item-1
ITEM_ID  VERSION  NAME       ASSET  PRICE  ACTIVE  GRANT_ASSET  CREATE_TIME
blt            1  BLT, free  PEEP      20  true    COUPON:BLT   2026-11-20T22:02:51.302902Z
$ ledgerctl item put blt 'BLT, free' PEEP 25 --expected-version 1 --request-id item-2
ITEM_ID  VERSION  NAME       ASSET  PRICE  ACTIVE  GRANT_ASSET  CREATE_TIME
blt            2  BLT, free  PEEP      25  true                 2026-11-20T22:02:51.579860Z
$ ledgerctl item put mug Mug USD/2 9.90 --inactive --request-id item-3
ITEM_ID  VERSION  NAME  ASSET  PRICE  ACTIVE  GRANT_ASSET  CREATE_TIME
mug            1  Mug   USD/2   9.90  false                2026-11-20T22:02:51.910812Z
$ ledgerctl item versions blt
ITEM_ID  VERSION  NAME       ASSET  PRICE  ACTIVE  GRANT_ASSET  CREATE_TIME
blt            2  BLT, free  PEEP      25  true                 2026-11-20T22:02:51.579860Z
blt            1  BLT, free  PEEP      20  true    COUPON:BLT   2026-11-20T22:02:51.302902Z
$ ledgerctl item get blt --item-version 1 -o csv
item_id,version,name,asset,price,active,grant_asset,create_time
blt,1,"BLT, free",PEEP,20,true,COUPON:BLT,2026-11-20T22:02:51.302902Z
$ ledgerctl item list
ITEM_ID  VERSION  NAME       ASSET  PRICE  ACTIVE  GRANT_ASSET  CREATE_TIME
blt            2  BLT, free  PEEP      25  true                 2026-11-20T22:02:51.579860Z
$ ledgerctl item list --include-inactive -o json
{
  "items": [
    {
      "itemId": "blt",
      "name": "BLT, free",
      "asset": "PEEP",
      "price": "25",
      "active": true,
      "grantAsset": "",
      "version": "2",
      "createTime": "2026-11-20T22:02:51.579860Z"
    },
    {
      "itemId": "mug",
      "name": "Mug",
      "asset": "USD/2",
      "price": "990",
      "active": false,
      "grantAsset": "",
      "version": "1",
      "createTime": "2026-11-20T22:02:51.910812Z"
    }
  ],
  "nextPageToken": ""
}
$ ledgerctl request @catalog item-2 -o json
{
  "userId": "@catalog",
  "requestId": "item-2",
  "method": "PutItem",
  "code": 0,
  "reason": "ERROR_REASON_UNSPECIFIED",
  "transactionId": "",
  "createTime": "2026-11-20T22:02:51.579860Z",
  "caller": ""
}
`;

const MOVEMENTS = String.raw`$ ledgerctl post shop 'shop GOLD 100' '@issuance GOLD -100' --reference opening --request-id post-1
TRANSACTION_ID                        KIND  USER_ID    ASSET  STRIPE  SEQUENCE  CHANGE  BALANCE_AFTER  CREATE_TIME
01a1fafb-e3d4-7953-8000-285676fe667e  POST  shop       GOLD        0         1     100            100  2026-11-20T22:02:54.292583Z
01a1fafb-e3d4-7953-8000-285676fe667e  POST  @issuance  GOLD        0         1    -100           -100  2026-11-20T22:02:54.292583Z

USER_ID  ASSET  BALANCE  HELD  AVAILABLE  SEQUENCE  UPDATE_TIME
shop     GOLD       100     0        100         1  2026-11-20T22:02:54.292583Z
$ ledgerctl post shop 'shop GOLD -40 1' '@revenue GOLD 40' 'shop ML_RED 500' '@issuance ML_RED -500' --reference opening --description 'two barrels; "red"' --metadata barrel=red --metadata hour=9 --effective-time 2026-11-20T09:00:00Z --request-id post-2 -o csv
transaction_id,kind,user_id,asset,stripe,sequence,change,balance_after,create_time
01a1fafb-e59d-7395-8000-31ade5cb91a9,POST,shop,GOLD,0,2,-40,60,2026-11-20T22:02:54.749224Z
01a1fafb-e59d-7395-8000-31ade5cb91a9,POST,@revenue,GOLD,0,1,40,40,2026-11-20T22:02:54.749224Z
01a1fafb-e59d-7395-8000-31ade5cb91a9,POST,shop,ML_RED,0,1,500,500,2026-11-20T22:02:54.749224Z
01a1fafb-e59d-7395-8000-31ade5cb91a9,POST,@issuance,ML_RED,0,1,-500,-500,2026-11-20T22:02:54.749224Z
$ ledgerctl transaction 01a1fafb-e59d-7395-8000-31ade5cb91a9 --user shop
TRANSACTION_ID                        KIND  USER_ID  ASSET        CHANGE   REQUEST_ID  CREATE_TIME                  REFERENCE  DESCRIPTION         METADATA                     REVERSES_TRANSACTION_ID  REVERSIBLE_AMOUNT
01a1fafb-e59d-7395-8000-31ade5cb91a9  POST  shop     GOLD ML_RED  -40 500  post-2      2026-11-20T22:02:54.749224Z  opening    two barrels; "red"  {"barrel":"red","hour":"9"}                                           1

TRANSACTION_ID                        KIND  USER_ID    ASSET   STRIPE  SEQUENCE  CHANGE  BALANCE_AFTER  CREATE_TIME
01a1fafb-e59d-7395-8000-31ade5cb91a9  POST  shop       GOLD         0         2     -40             60  2026-11-20T22:02:54.749224Z
01a1fafb-e59d-7395-8000-31ade5cb91a9  POST  @revenue   GOLD         0         1      40             40  2026-11-20T22:02:54.749224Z
01a1fafb-e59d-7395-8000-31ade5cb91a9  POST  shop       ML_RED       0         1     500            500  2026-11-20T22:02:54.749224Z
01a1fafb-e59d-7395-8000-31ade5cb91a9  POST  @issuance  ML_RED       0         1    -500           -500  2026-11-20T22:02:54.749224Z
$ ledgerctl transactions --reference opening -o csv
transaction_id,kind,user_id,asset,change,request_id,create_time,reference,description,metadata,reverses_transaction_id,reversible_amount
01a1fafb-e59d-7395-8000-31ade5cb91a9,POST,shop,GOLD ML_RED,-40 500,post-2,2026-11-20T22:02:54.749224Z,opening,"two barrels; ""red""","{""barrel"":""red"",""hour"":""9""}",,1
01a1fafb-e3d4-7953-8000-285676fe667e,POST,shop,GOLD,100,post-1,2026-11-20T22:02:54.292583Z,opening,,,,100
$ ledgerctl reverse shop 01a1fafb-e3d4-7953-8000-285676fe667e --amount 60 --description half --request-id undo-1
TRANSACTION_ID                        KIND      USER_ID    ASSET  STRIPE  SEQUENCE  CHANGE  BALANCE_AFTER  CREATE_TIME
01a1fafb-eb92-7ecc-8000-9df413bcdd1c  REVERSAL  shop       GOLD        0         3     -60              0  2026-11-20T22:02:56.274925Z
01a1fafb-eb92-7ecc-8000-9df413bcdd1c  REVERSAL  @issuance  GOLD        0         2      60            -40  2026-11-20T22:02:56.274925Z

USER_ID  ASSET  BALANCE  HELD  AVAILABLE  SEQUENCE  UPDATE_TIME
shop     GOLD         0     0          0         3  2026-11-20T22:02:56.274925Z
$ ledgerctl entries shop GOLD --order oldest --kind post --kind reversal --limit 2
TRANSACTION_ID                        KIND  USER_ID  ASSET  STRIPE  SEQUENCE  CHANGE  BALANCE_AFTER  CREATE_TIME
01a1fafb-e3d4-7953-8000-285676fe667e  POST  shop     GOLD        0         1     100            100  2026-11-20T22:02:54.292583Z
01a1fafb-e59d-7395-8000-31ade5cb91a9  POST  shop     GOLD        0         2     -40             60  2026-11-20T22:02:54.749224Z
there is more: --page-token AZemiP18hvSSafJ9KBIgDVcAAg
$ ledgerctl entries shop GOLD --order oldest --kind post --kind reversal --limit 2 --page-token AZemiP18hvSSafJ9KBIgDVcAAg
TRANSACTION_ID                        KIND      USER_ID  ASSET  STRIPE  SEQUENCE  CHANGE  BALANCE_AFTER  CREATE_TIME
01a1fafb-eb92-7ecc-8000-9df413bcdd1c  REVERSAL  shop     GOLD        0         3     -60              0  2026-11-20T22:02:56.274925Z
$ ledgerctl balances --account 'shop GOLD' --account 'shop ML_RED' --as-of 2026-11-20T22:02:54.292583Z
USER_ID  ASSET   BALANCE  HELD  AVAILABLE  SEQUENCE  UPDATE_TIME
shop     GOLD        100                          1  2026-11-20T22:02:54.292583Z
shop     ML_RED        0                          0
$ ledgerctl balance shop GOLD --as-of 1 -o csv
user_id,asset,balance,held,available,sequence,update_time
shop,GOLD,100,,,1,2026-11-20T22:02:54.292583Z
$ ledgerctl account set shop GOLD --min-balance -50 --metadata owner=carl --request-id set-1
USER_ID  ASSET  BALANCE  HELD  AVAILABLE  SEQUENCE  MIN_BALANCE  FROZEN  METADATA          ETAG
shop     GOLD         0     0          0         3          -50  false   {"owner":"carl"}  v1
$ ledgerctl account list shop
USER_ID  ASSET   BALANCE  HELD  AVAILABLE  SEQUENCE  MIN_BALANCE  FROZEN  METADATA          ETAG
shop     GOLD          0     0          0         3          -50  false   {"owner":"carl"}  v1
shop     ML_RED      500     0        500         1            0  false                     v0
$ ledgerctl account list --prefix sho
USER_ID  ASSET   BALANCE  HELD  AVAILABLE  SEQUENCE  MIN_BALANCE  FROZEN  METADATA          ETAG
shop     GOLD          0     0          0         3          -50  false   {"owner":"carl"}  v1
shop     ML_RED      500     0        500         1            0  false                     v0
$ ledgerctl hold place shop GOLD 10 --expires 2126-12-24T18:00:00+01:00 --request-id hold-1
HOLD_ID                               USER_ID  ASSET  AMOUNT  CAPTURED_AMOUNT  STATE  DESTINATION  EXPIRE_TIME                  CREATE_TIME
01a1fafb-fb3f-7208-8000-262a6e1c24b7  shop     GOLD       10                0  OPEN   @revenue     2126-12-24T17:00:00.000000Z  2026-11-20T22:03:00.287127Z

USER_ID  ASSET  BALANCE  HELD  AVAILABLE  SEQUENCE  UPDATE_TIME
shop     GOLD         0    10        -10         3  2026-11-20T22:02:56.274925Z
$ ledgerctl hold release shop 01a1fafb-fb3f-7208-8000-262a6e1c24b7 --request-id hold-2
HOLD_ID                               USER_ID  ASSET  AMOUNT  CAPTURED_AMOUNT  STATE     DESTINATION  EXPIRE_TIME                  CREATE_TIME
01a1fafb-fb3f-7208-8000-262a6e1c24b7  shop     GOLD       10                0  RELEASED  @revenue     2126-12-24T17:00:00.000000Z  2026-11-20T22:03:00.287127Z

USER_ID  ASSET  BALANCE  HELD  AVAILABLE  SEQUENCE  UPDATE_TIME
shop     GOLD         0     0          0         3  2026-11-20T22:02:56.274925Z
$ ledgerctl hold list shop --state released -o csv
hold_id,user_id,asset,amount,captured_amount,state,destination,expire_time,create_time
01a1fafb-fb3f-7208-8000-262a6e1c24b7,shop,GOLD,10,0,RELEASED,@revenue,2126-12-24T17:00:00.000000Z,2026-11-20T22:03:00.287127Z
$ ledgerctl request shop hold-2
USER_ID  REQUEST_ID  METHOD       CODE  REASON  TRANSACTION_ID  CREATE_TIME
shop     hold-2      ReleaseHold     0                          2026-11-20T22:03:01.230369Z
`;

const AMOUNTS = String.raw`$ ledgerctl credit ada USD/2 2 --request-id two
TRANSACTION_ID                        KIND    USER_ID    ASSET  STRIPE  SEQUENCE  CHANGE  BALANCE_AFTER  CREATE_TIME
01a1fafb-fb3f-7208-8000-262a6e1c24a1  CREDIT  ada        USD/2       0         1    2.00           2.00  2026-11-20T22:02:51.302902Z
01a1fafb-fb3f-7208-8000-262a6e1c24a1  CREDIT  @issuance  USD/2       0         1   -2.00          -2.00  2026-11-20T22:02:51.302902Z

USER_ID  ASSET  BALANCE  HELD  AVAILABLE  SEQUENCE  UPDATE_TIME
ada      USD/2     2.00  0.00       2.00         1  2026-11-20T22:02:51.302902Z
$ ledgerctl credit ada USD/2 200 --request-id two --minor
replayed: this is the first answer once more, nothing was booked now
TRANSACTION_ID                        KIND    USER_ID    ASSET  STRIPE  SEQUENCE  CHANGE  BALANCE_AFTER  CREATE_TIME
01a1fafb-fb3f-7208-8000-262a6e1c24a1  CREDIT  ada        USD/2       0         1     200            200  2026-11-20T22:02:51.302902Z
01a1fafb-fb3f-7208-8000-262a6e1c24a1  CREDIT  @issuance  USD/2       0         1    -200           -200  2026-11-20T22:02:51.302902Z

USER_ID  ASSET  BALANCE  HELD  AVAILABLE  SEQUENCE  UPDATE_TIME
ada      USD/2      200     0        200         1  2026-11-20T22:02:51.302902Z
$ ledgerctl purchase ada --asset USD/2 --amount 2.5 --request-id dear; echo "exit code $?"
error: purchase: FAILED_PRECONDITION (INSUFFICIENT_FUNDS): account ada USD/2 has 200 available, 250 required
  In whole units of USD/2: balance 2.00, available 2.00, required 2.50, min balance 0.00.
  See what is there with: ledgerctl account get ada USD/2
  Nothing was booked.
  This stays the answer to request id dear: a new try needs a new one.
exit code 4
$ ledgerctl hold place ada USD/2 1.50 --request-id hold-1
HOLD_ID                               USER_ID  ASSET  AMOUNT  CAPTURED_AMOUNT  STATE  DESTINATION  EXPIRE_TIME  CREATE_TIME
01a1fafb-fb3f-7208-8000-262a6e1c24a2  ada      USD/2    1.50             0.00  OPEN   @revenue                  2026-11-20T22:02:52.302902Z

USER_ID  ASSET  BALANCE  HELD  AVAILABLE  SEQUENCE  UPDATE_TIME
ada      USD/2     2.00  1.50       0.50         1  2026-11-20T22:02:51.302902Z
$ ledgerctl hold capture ada 01a1fafb-fb3f-7208-8000-262a6e1c24a2 --amount 1 --request-id paid
TRANSACTION_ID                        KIND     USER_ID   ASSET  STRIPE  SEQUENCE  CHANGE  BALANCE_AFTER  CREATE_TIME
01a1fafb-fb3f-7208-8000-262a6e1c24a3  CAPTURE  ada       USD/2       0         2   -1.00           1.00  2026-11-20T22:02:53.302902Z
01a1fafb-fb3f-7208-8000-262a6e1c24a3  CAPTURE  @revenue  USD/2       0         1    1.00           1.00  2026-11-20T22:02:53.302902Z

HOLD_ID                               USER_ID  ASSET  AMOUNT  CAPTURED_AMOUNT  STATE     DESTINATION  EXPIRE_TIME  CREATE_TIME
01a1fafb-fb3f-7208-8000-262a6e1c24a2  ada      USD/2    1.50             1.00  CAPTURED  @revenue                  2026-11-20T22:02:52.302902Z

USER_ID  ASSET  BALANCE  HELD  AVAILABLE  SEQUENCE  UPDATE_TIME
ada      USD/2     1.00  0.00       1.00         2  2026-11-20T22:02:53.302902Z
$ ledgerctl reverse ada 01a1fafb-fb3f-7208-8000-262a6e1c24a3 --amount 0.25 --request-id undo
TRANSACTION_ID                        KIND      USER_ID   ASSET  STRIPE  SEQUENCE  CHANGE  BALANCE_AFTER  CREATE_TIME
01a1fafb-fb3f-7208-8000-262a6e1c24a4  REVERSAL  ada       USD/2       0         3    0.25           1.25  2026-11-20T22:02:54.302902Z
01a1fafb-fb3f-7208-8000-262a6e1c24a4  REVERSAL  @revenue  USD/2       0         2   -0.25           0.75  2026-11-20T22:02:54.302902Z

USER_ID  ASSET  BALANCE  HELD  AVAILABLE  SEQUENCE  UPDATE_TIME
ada      USD/2     1.25  0.00       1.25         3  2026-11-20T22:02:54.302902Z
$ ledgerctl transactions --user ada -o csv
transaction_id,kind,user_id,asset,change,request_id,create_time,reference,description,metadata,reverses_transaction_id,reversible_amount
01a1fafb-fb3f-7208-8000-262a6e1c24a4,REVERSAL,ada,USD/2,0.25,undo,2026-11-20T22:02:54.302902Z,,,,01a1fafb-fb3f-7208-8000-262a6e1c24a3,0.00
01a1fafb-fb3f-7208-8000-262a6e1c24a3,CAPTURE,ada,USD/2,-1.00,paid,2026-11-20T22:02:53.302902Z,,,"{""hold_id"":""01a1fafb-fb3f-7208-8000-262a6e1c24a2""}",,0.75
01a1fafb-fb3f-7208-8000-262a6e1c24a1,CREDIT,ada,USD/2,2.00,two,2026-11-20T22:02:51.302902Z,,,,,2.00
$ ledgerctl balance ada USD/2 --minor
USER_ID  ASSET  BALANCE  HELD  AVAILABLE  SEQUENCE  UPDATE_TIME
ada      USD/2      125     0        125         3  2026-11-20T22:02:54.302902Z
`;

const BATCHES = String.raw`$ echo '{"writes":[{"credit":{"requestId":"","userId":"ada","asset":"GOLD","amount":"5"}},{"purchase":{"user_id":"ada","price":{"asset":"GOLD","amount":"9"}}},{"placeHold":{"requestId":"own","userId":"ada","asset":"GOLD","amount":2}}]}' > writes.json
$ ledgerctl batch writes.json --request-id payday; echo "exit code $?"
REQUEST_ID  WRITE      OUTCOME             TRANSACTION_ID                        HOLD_ID                               REPLAYED  MESSAGE
payday-1    credit     OK                  01a1fafc-3b5f-76b8-8000-7529e546f370                                        false
payday-2    purchase   INSUFFICIENT_FUNDS                                                                              false     account ada GOLD has 5 available, 9 required
own         placeHold  OK                                                        01a1fafc-3b5f-76b8-8001-2c769e789f65  false
error: 1 of 3 writes failed: 2 booked, 1 not booked
  What is booked stays booked, and a failure stays the answer to its request id: to try again, send the
  failed writes alone, with new ids.
exit code 4
$ ledgerctl batch - --request-id payday < writes.json -o csv; echo "exit code $?"
request_id,write,outcome,transaction_id,hold_id,replayed,message
payday-1,credit,OK,01a1fafc-3b5f-76b8-8000-7529e546f370,,true,
payday-2,purchase,INSUFFICIENT_FUNDS,,,true,"account ada GOLD has 5 available, 9 required"
own,placeHold,OK,,01a1fafc-3b5f-76b8-8001-2c769e789f65,true,
error: 1 of 3 writes failed: 2 booked, 1 not booked
  What is booked stays booked, and a failure stays the answer to its request id: to try again, send the
  failed writes alone, with new ids.
exit code 4
$ sed 's/"writes"/"atomic":true,"writes"/' writes.json | ledgerctl batch - --request-id all; echo "exit code $?"
error: batchWrite: FAILED_PRECONDITION (INSUFFICIENT_FUNDS): writes[1]: account ada GOLD has 8 available, 9 required
  See what is there with: ledgerctl account get ada GOLD
  Nothing was booked.
  This stays the answer to request id all: a new try needs a new one.
exit code 4
$ echo '{"writes":[{"credit":{"userId":"ada","aset":"GOLD","amount":"5"}}]}' | ledgerctl batch -; echo "exit code $?"
error: writes[0].credit: key "aset" is unknown
exit code 2
$ echo '{"writes":[{"placeHold":{"userId":"ada","asset":"GOLD","amount":900}}]}' | ledgerctl batch - --request-id more -o json; echo "exit code $?"
{
  "results": [
    {
      "error": {
        "code": 9,
        "message": "account ada GOLD has 3 available, 900 required",
        "details": [
          {
            "reason": "INSUFFICIENT_FUNDS",
            "domain": "ledger.v1",
            "metadata": {
              "user_id": "ada",
              "asset": "GOLD",
              "balance": "5",
              "available": "3",
              "required": "900",
              "min_balance": "0",
              "sequence": "1"
            },
            "@type": "type.googleapis.com/google.rpc.ErrorInfo"
          },
          {
            "violations": [
              {
                "type": "INSUFFICIENT_FUNDS",
                "subject": "ada/GOLD",
                "description": "account ada GOLD has 3 available, 900 required"
              }
            ],
            "@type": "type.googleapis.com/google.rpc.PreconditionFailure"
          }
        ]
      },
      "replayed": false
    }
  ]
}
error: 1 of 1 writes failed: 0 booked, 1 not booked
  What is booked stays booked, and a failure stays the answer to its request id: to try again, send the
  failed writes alone, with new ids.
exit code 4
$ ledgerctl entries nobody GOLD
nothing found
$ ledgerctl entries nobody GOLD -o csv
transaction_id,kind,user_id,asset,stripe,sequence,change,balance_after,create_time
nothing found
`;
