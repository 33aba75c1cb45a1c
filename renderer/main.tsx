import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import '@mantine/core/styles/UnstyledButton.css';
import './tokens.css';
import './frame.css';
import './cashier/counter.css';
import './cashier/waiting.css';
import './cashier/verdict.css';
import './people/people.css';
import { App } from './app.tsx';
import { noCredentials } from './credentials.ts';
import { startWords } from './i18n/index.ts';
import { createLink } from './link.ts';
import { openHttp } from './link-http.ts';
import { openPort } from './link-port.ts';
import { makeOrderNo } from './order-number.ts';
import { play } from './sound.ts';
import { createTillStore } from './store/till-store.ts';

const hasPort = window.mianfu?.transport === 'port';
const credentials = noCredentials();
const link = createLink(hasPort ? openPort : openHttp(credentials), { needsPing: hasPort, credentials });
const till = createTillStore({ link, makeOrderNo, play });

await startWords();
const root = document.getElementById('root');
if (root === null) throw new Error('The page has no root.');
createRoot(root).render(
  <StrictMode>
    <App till={till} api={link.api} />
  </StrictMode>,
);
