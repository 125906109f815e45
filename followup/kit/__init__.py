"""The ground floor: small pure tools without a word of the business. Imports nothing of ours."""
