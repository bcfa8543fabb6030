"""What the mail system tells of mail that was sent, and what that changes for people.

It comes by `webhooks` (a provider's posts), `mailboxes` and `inbox` (returned mail), and
`relayevents` (what the relay refused). Each makes `events`, which `effects` weighs.
`notifications` and `bounces` read and classify a report, whoever brings it; `returnedmail` and
`providerevents` say whom it is about.
"""
