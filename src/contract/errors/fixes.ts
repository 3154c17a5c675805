import type { ErrorCode } from './catalogue.ts';

/**
 * What to do about each refusal, for a model that holds the tools of the MCP server: at most 240 characters, naming the
 * tool that leads on. One table, so the advice can be read, compared and tested in one place.
 */
export const fixes: Readonly<Record<ErrorCode, string>> = {
  missing_api_key:
    'No API key was sent. Call register_agent to get one, or ask the human to set SOTA_API_KEY in the MCP configuration and restart the server.',
  invalid_api_key:
    'Ask the human to check that SOTA_API_KEY belongs to this marketplace and is complete. Without a key at all, register_agent makes one. Repeating the call will not help.',
  api_key_revoked:
    'The key was revoked, expired or rotated elsewhere. Ask the human for the current key in SOTA_API_KEY and a restart. Repeating the call will not help.',
  invalid_token: 'This needs the signed-in owner, not the agent. Ask the human to sign in and do it in the portal.',
  invalid_credentials:
    'The e-mail address already has an owner with another password. Call register_agent with another address, or ask the human for the API key of the existing agent.',
  invalid_recovery_token:
    'The recovery token is used up or wrong. Ask the human for a current API key; generate_human_login_link works while any key does.',
  insufficient_funds:
    'Call get_payouts_summary for the spending balance, then call create_job with a smaller budget_usdc or ask the human to top up.',
  forbidden: 'This object belongs to someone else. Check the id with list_jobs or list_bids; do not repeat the call.',
  agent_not_active:
    'Only an active agent may bid and work. Call get_status: pass the sandbox tests (list_sandbox_jobs), then request_review, and wait until the status is active.',
  not_winner: 'Another agent has this job. Call list_jobs with scope "assigned" to see the jobs that are yours.',
  not_job_owner:
    'Only the requester who posted the job may do this. Call list_jobs with scope "posted" to see the jobs you posted.',
  not_found: 'Check the id: take it from list_jobs, list_sandbox_jobs or list_bids and copy it unchanged.',
  agent_not_found: 'Check the agent id. get_status gives your own.',
  job_not_found:
    'Check job_id: copy it unchanged from list_jobs. A job may also have been taken back since you last looked. Ids of sandbox tests go to submit_test_result instead.',
  bid_not_found: 'Call list_bids for the ids of your bids. A bid id is not a job id.',
  test_job_not_found:
    'Call list_sandbox_jobs for the ids of your tests. Ids of marketplace jobs go to deliver instead.',
  key_not_found: 'There is no such key any more; nothing needs to be done. get_status shows the key in use.',
  device_code_not_found: 'Start the login again; the code is not known.',
  device_code_expired: 'Start a new login and approve it within the time it names.',
  method_not_allowed: 'Call get_openapi_operation to see which methods this path offers.',
  unsupported_capabilities:
    'Call list_tags and use slugs from it unchanged. New tags are possible only through register_agent with clusters and tags.',
  unknown_cluster: 'Call list_clusters and use its slugs unchanged.',
  unknown_tag: 'Call list_tags and use its slugs unchanged.',
  bad_request: 'Compare the arguments with the schema of the tool; read_doc explains each operation.',
  agent_name_taken: 'Call register_agent or update_profile with another name; names are unique per owner.',
  invalid_state:
    'Look before acting: call get_job (or get_status for the agent). `status` in details is where it stands, `allowed` what is possible now.',
  tests_incomplete:
    'Call list_sandbox_jobs, pass the tests that are still open with submit_test_result, then request_review.',
  test_job_locked:
    'Call list_sandbox_jobs. If the test has passed, leave it. If its submissions are used up, call retry_test for fresh ones, then submit_test_result.',
  test_job_already_passed: 'Nothing to do: this test has passed. Call list_sandbox_jobs for those that are open.',
  deadline_exceeded: 'Call retry_test for a fresh clock, prepare the answer, then submit_test_result in time.',
  bid_window_closed: 'The job takes no more bids. Call list_jobs for others that do.',
  bid_exceeds_budget: 'Call get_job for budget_usdc, then bid at or below it.',
  bid_cannot_increase:
    'Bid the same amount or less. To ask for more, cancel_bid first and bid again while the window is open.',
  bid_not_cancellable:
    'Call list_bids: a bid that has won or lost cannot be taken back. A won job can be given back with fail_job.',
  capability_mismatch:
    'Call list_jobs for jobs that match your tags; update_profile changes the tags, which means new sandbox tests.',
  own_job: 'An agent cannot bid on its own job. Call list_jobs for those of others.',
  not_accepted: 'Call accept_assignment for this job first, then repeat this call.',
  already_delivered:
    'A result is there already and counts. Call get_job to see it. It can be replaced only after the requester asks for changes.',
  not_cancellable:
    'Work has started, so the money stays in escrow. Call get_job; after delivery use request_changes or accept_delivery.',
  delivery_changed: 'Call get_job, review the result as it is now, and pass its result_hash to accept_delivery.',
  no_payout_wallet: 'Call set_payout_wallet with an address the human gave you, then withdraw.',
  insufficient_balance: 'Call get_payouts_summary and withdraw at most available_usdc.',
  cannot_revoke_current_key: 'Call rotate_keys instead: it replaces the key in use safely.',
  idempotency_in_flight: 'The same call is still running. Wait a few seconds and call again with the same arguments.',
  idempotency_conflict:
    'An earlier call with this key carried other content. Look at what exists first (get_job, list_bids, list_sandbox_jobs); call again only if it is not what you want.',
  schema_violation:
    'Correct the result at `path` so that it satisfies expected_schema; check_result tells without using up a submission. Then submit again.',
  content_check_failed:
    'The shape is right, the content is not. Read the description and `hint` again, correct the answer, then call submit_test_result again.',
  invalid_json:
    'Send the result as valid JSON text: double quotes, no comments, no trailing commas. check_result shows where it breaks.',
  validation_error: 'Correct the fields named in the message and call again. Nothing else needs to change.',
  invalid_wallet_address:
    'Ask the human for the Solana address again and copy it unchanged: base58, 32 to 44 characters. Never make one up.',
  invalid_webhook_url:
    'Call update_profile with a public https URL, or leave webhook_url out: wait_for_activity works without one.',
  payload_too_large: 'Shorten the content, for results by linking to large parts instead of including them.',
  rate_limited: 'Wait as long as retry_after_seconds says, then call again with the same arguments. Call less often.',
  internal_error:
    'Call again with the same arguments in a moment. If it stays, get_status and the activity log show what took effect.',
  service_unavailable: 'Wait a little and call again with the same arguments.',
};
