import { MantineProvider } from '@mantine/core';
import { lazy, Suspense, useEffect, useMemo, useState } from 'react';
import { useStore } from 'zustand';
import { Action } from './action.tsx';
import { Announcer } from './cashier/announcer.tsx';
import { AttentionBadge } from './cashier/attention-badge.tsx';
import { LostStrip } from './cashier/health.tsx';
import { openPhone } from './cashier/side.tsx';
import { Stage } from './cashier/stage.tsx';
import { toggleLanguage, useWords } from './i18n/index.ts';
import { listenToKeys } from './keyboard.ts';
import type { Api } from './link.ts';
import { LockStrip, Unlock } from './people/lock.tsx';
import { SignIn } from './people/sign-in.tsx';
import { useIdleLock } from './people/use-idle-lock.ts';
import { isMuted, setMuted } from './sound.ts';
import { screenOf } from './store/screen.ts';
import type { TillStore } from './store/till-store.ts';
import { mantineTheme, toggleScheme, useScheme } from './theme.ts';
import { isList, type List, TillContext, useTill, useTillContext } from './till-context.ts';

const Orders = lazy(() => import('./lists/orders.tsx'));
const History = lazy(() => import('./lists/history.tsx'));
const RefundSheet = lazy(() => import('./lists/refund-sheet.tsx'));
const Manager = lazy(() => import('./manager/manager.tsx'));
const Account = lazy(() => import('./people/account.tsx'));
const Attention = lazy(() => import('./lists/attention.tsx'));

export function App({ till, api }: { till: TillStore; api: Api }) {
  const [list, setList] = useState<List | null>(null);
  const scheme = useScheme();
  const context = useMemo<TillContext>(
    () => ({
      till,
      api,
      run: (command) => {
        if (isList(command.do)) setList({ name: command.do });
        else till.run(command);
      },
      open: setList,
    }),
    [till, api],
  );
  useEffect(() => listenToKeys(context), [context]);
  useIdleLock(till);
  const isShut = useStore(
    till.store,
    (state) => state.session?.isLocked === true || state.link.phase === 'signed_out',
  );
  // Nothing of a list stays readable over a locked screen; what runs does.
  if (isShut && list !== null) setList(null);
  useEffect(() => {
    const over = new AbortController();
    void till.connect(over.signal);
    return () => over.abort();
  }, [till]);
  return (
    <MantineProvider
      theme={mantineTheme}
      forceColorScheme={scheme}
      // The content security policy allows no style element: its variables come as a file.
      withCssVariables={false}
      withGlobalClasses={false}
    >
      <TillContext value={context}>
        <Frame />
        <Suspense fallback={null}>
          {list?.name === 'orders' && <Orders onClose={() => setList(null)} />}
          {list?.name === 'history' && <History tradeNo={list.tradeNo} onClose={() => setList(null)} />}
          {list?.name === 'refund' && <RefundSheet text={list.text} onClose={() => setList(null)} />}
          {list?.name === 'manager' && <Manager page={list.page} onClose={() => setList(null)} />}
          {list?.name === 'account' && <Account onClose={() => setList(null)} />}
          {list?.name === 'attention' && <Attention entry={list.entry} onClose={() => setList(null)} />}
        </Suspense>
      </TillContext>
    </MantineProvider>
  );
}

function Frame() {
  const { screen, phase, isKnown, isLocked } = useTill((state) => ({
    screen: screenOf(state),
    phase: state.link.phase,
    isKnown: state.till !== null,
    isLocked: state.session?.isLocked ?? false,
  }));
  const [isOpening, setOpening] = useState(false);
  // What runs stays in sight; where nothing does, the way back in is all there is.
  const isBusy = screen !== 'idle' && screen !== 'entering';
  const asksPin = isLocked && (isOpening || !isBusy);
  if (isOpening && !isLocked) setOpening(false);
  return (
    <div
      className="frame"
      data-screen={screen}
      data-link={phase}
      data-locked={isLocked || phase === 'signed_out' || undefined}
    >
      <TopBar />
      <div>
        {isLocked && <LockStrip onOpen={() => setOpening(true)} isNeeded={!asksPin} />}
        <LostStrip />
      </div>
      <main inert={isLocked && !asksPin}>
        {phase === 'not_let_in' ? (
          <NotLetIn />
        ) : phase === 'signed_out' ? (
          <SignIn />
        ) : asksPin ? (
          <Unlock onBack={isBusy ? () => setOpening(false) : null} />
        ) : isKnown ? (
          <Stage />
        ) : (
          <Opening />
        )}
      </main>
      <Announcer />
    </div>
  );
}

/** The shop's name, what this window remembers, and in the sandbox that it is one. */
function TopBar() {
  const { t } = useWords();
  const scheme = useScheme();
  const [muted, mute] = useState(isMuted);
  const { open } = useTillContext();
  const till = useTill((state) => state.till);
  const { session, phase } = useTill((state) => ({ session: state.session, phase: state.link.phase }));
  const isOpen = phase !== 'signed_out' && session?.isLocked !== true;
  const phoneUrl = till?.phoneUrl ?? null;
  return (
    <header className="top">
      {till?.mode === 'sandbox' && (
        <p className="demo" data-testid="sandbox">
          <b>{t('sandbox.word')}</b> <span>{t('sandbox.text')}</span>
        </p>
      )}
      <p className="shop">{till?.mode === 'live' ? till.shopName : ''}</p>
      <AttentionBadge />
      {isOpen && (
        <Action kind="quiet" onPress={() => open({ name: 'manager' })} hint="F6" testId="manager">
          {t('header.manager')}
        </Action>
      )}
      {isOpen && session?.person && (
        <Action kind="quiet" onPress={() => open({ name: 'account' })} testId="account">
          {session.person.name}
        </Action>
      )}
      {phoneUrl !== null && (
        <Action kind="quiet" onPress={() => openPhone(phoneUrl)} testId="phone">
          {t('sandbox.phone')}
        </Action>
      )}
      <Action
        kind="quiet"
        pressed={muted}
        onPress={() => {
          setMuted(!muted);
          mute(!muted);
        }}
      >
        {t(muted ? 'header.sound_off' : 'header.sound_on')}
      </Action>
      <Action kind="quiet" onPress={toggleScheme}>
        {t(scheme === 'dark' ? 'header.theme_light' : 'header.theme_dark')}
      </Action>
      <Action kind="quiet" onPress={toggleLanguage}>
        {t('header.language')}
      </Action>
    </header>
  );
}

function NotLetIn() {
  const { t } = useWords();
  return (
    <div className="stage verdict">
      <div className="verdict-main">
        <h1>{t('link.not_let_in')}</h1>
        <p className="verdict-words">{t('link.not_let_in_text')}</p>
      </div>
    </div>
  );
}

function Opening() {
  const { t } = useWords();
  return (
    <div className="stage verdict">
      <div className="verdict-main">
        <p className="verdict-words quiet">{t('link.connecting')}</p>
      </div>
    </div>
  );
}
