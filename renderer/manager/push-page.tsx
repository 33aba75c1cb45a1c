import { useCallback, useEffect, useRef, useState } from 'react';
import type { RelayStatus } from '../../contract/relay.ts';
import { Action } from '../action.tsx';
import { useWords } from '../i18n/index.ts';
import { type LinkErrorCode, linkError } from '../link-error.ts';
import { Fact } from '../lists/fact.tsx';
import { ListState } from '../lists/list-state.tsx';
import { useTill, useTillContext } from '../till-context.ts';
import { dayAndTime } from '../times.ts';
import { EnrolForm } from './enrol-form.tsx';
import { Hops, type Trial } from './hops.tsx';
import './push.css';

/** A test that did not get through says more than the connection. */
function isBroken(trial: Trial): boolean {
  return typeof trial === 'object' && !trial.ok;
}

/** Whether payments are pushed to this till, over which hops, and how it is enrolled. */
export default function PushPage() {
  const { api } = useTillContext();
  const { t } = useWords();
  const push = useTill((state) => state.status?.push);
  const [status, setStatus] = useState<RelayStatus | null>(null);
  const [failure, setFailure] = useState<LinkErrorCode | null>(null);
  const [trial, setTrial] = useState<Trial>('none');
  const [isEnrolling, setEnrolling] = useState(false);
  /** A test follows the enrolment as soon as the till is connected. */
  const isAwaited = useRef(false);

  const read = useCallback(() => {
    api.relay.status().then(
      (now) => {
        setStatus(now);
        setFailure(null);
      },
      (error: unknown) => setFailure(linkError(error).code),
    );
  }, [api]);

  const test = useCallback(() => {
    isAwaited.current = false;
    setTrial('under_way');
    api.relay
      .test()
      .then(setTrial, (error: unknown) => setTrial(linkError(error).code))
      .finally(read);
  }, [api, read]);

  // What the till says of its connection, it says to every window.
  const connection = `${push?.ok} ${push?.reason}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: read anew when the connection is another.
  useEffect(() => {
    read();
    if (push?.ok && isAwaited.current) test();
  }, [connection, read, test]);

  if (status === null) return <ListState isRead={false} failure={failure} empty={null} onAgain={read} />;
  const isEnrolled = status.enrolledAt !== null;
  const now = { ...status, push: push ?? status.push };

  function onEnrolled(next: RelayStatus): void {
    setStatus(next);
    setEnrolling(false);
    if (next.push.ok) test();
    else {
      isAwaited.current = true;
      setTrial('none');
    }
  }

  return (
    <>
      <p className="push-lead" role="status">
        {t(now.push.ok && !isBroken(trial) ? 'push.on' : 'push.off')}
        {now.push.reason && ` ${t('push.because', { reason: t(`push.${now.push.reason}`) })}`}
      </p>
      <Hops status={now} trial={trial} />
      {isEnrolled && !isEnrolling ? (
        <>
          <div className="push-acts">
            <Action kind="main" onPress={test} busy={trial === 'under_way'} testId="push-test">
              {t(trial === 'under_way' ? 'push.testing' : 'push.test')}
            </Action>
            <Action onPress={() => setEnrolling(true)} testId="push-again">
              {t('push.enrol_again')}
            </Action>
          </div>
          <dl className="push-facts">
            <Fact name={t('push.fact.relay')} value={status.url} />
            <Fact name={t('push.fact.till')} value={status.till} />
            <Fact name={t('push.fact.notify')} value={status.notifyUrl} />
            <Fact name={t('push.fact.enrolled')} value={dayAndTime(status.enrolledAt ?? '')} />
            <Fact
              name={t('push.fact.last')}
              value={status.lastDeliveryAt ? dayAndTime(status.lastDeliveryAt) : t('push.fact.none')}
            />
            {status.rejected > 0 && <Fact name={t('push.fact.rejected')} value={String(status.rejected)} />}
          </dl>
        </>
      ) : (
        <EnrolForm
          status={status}
          onEnrolled={onEnrolled}
          onCancel={isEnrolled ? () => setEnrolling(false) : null}
        />
      )}
    </>
  );
}
