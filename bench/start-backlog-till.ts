import { createServer } from 'node:http';
import { openStorage } from '../backend/store/database.ts';
import { systemClock } from '../ports/clock.ts';
import { listen } from '../ports/service.ts';
import { farWallet } from '../test/fakes/far-wallet.ts';
import { ScriptedProvider } from '../test/fakes/provider.ts';
import { testTill } from '../test/fakes/till.ts';

/** A till on the data folder that it is given, its wallets 30 ms away and holding nothing as paid. */
const WALLET_AWAY_MS = 30;

const clock = systemClock();
process.stdout.write('opening\n');
const { db } = openStorage(process.argv[2] ?? '', 'alone');
const providers = (['alipay', 'wechat'] as const).map((channel) =>
  farWallet(new ScriptedProvider(channel), clock, WALLET_AWAY_MS),
);
const { backend } = testTill({ clock, db, providers });
const server = createServer(backend.http);
const origin = await listen(server, { host: '127.0.0.1', port: 0 });
backend.start();
process.stdout.write(`listening ${origin}\n`);
process.on('SIGTERM', () => void backend.stop().then(() => process.exit(0)));
