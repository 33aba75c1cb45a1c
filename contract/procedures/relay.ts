import { EnrolInput, RelayStatus, RelayTest } from '../relay.ts';
import { procedure } from './procedure.ts';

/* The till’s connection to a relay. */

export const relay = {
  status: procedure('look')
    .route({ method: 'GET', path: '/relay', summary: 'Whether payments are pushed to this till' })
    .output(RelayStatus),
  enrol: procedure('set_up')
    .route({
      method: 'POST',
      path: '/relay/enrol',
      summary: 'Enrol at a relay with its operator’s one-time code; replaces an earlier enrolment',
    })
    .input(EnrolInput)
    .output(RelayStatus),
  test: procedure('set_up')
    .route({
      method: 'POST',
      path: '/relay/test',
      summary: 'Send a test notification through the relay: says which hop fails',
    })
    .output(RelayTest),
};
