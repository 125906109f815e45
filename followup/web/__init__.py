"""The staff application, the API and the webhooks: one app, three doors. Doors call verbs; they decide nothing."""
