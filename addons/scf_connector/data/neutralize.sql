-- A neutralised copy talks to no bank: it loses the keys that speak for the company,
-- the tokens that banks nudge it with, the banks' addresses, and whatever still waited to be sent.
UPDATE scf_message
   SET state = 'cancelled',
       last_error = 'This database is a neutralised copy.'
 WHERE state IN ('queued', 'dead');

UPDATE scf_key
   SET private_sealed = NULL,
       is_current = false;

UPDATE scf_bank
   SET state = 'draft',
       base_url = 'https://neutralised.invalid',
       client_id = NULL,
       key_id = NULL,
       jwks = NULL,
       jwks_offered = NULL,
       webhook_token = NULL,
       event_cursor = '0';
