"""What a reply means and how fast a person must look at it.

``engine`` reads one text and knows nothing of the database; the verbs beside it give it the patient's
context, store what it decided and bring it to a person.
"""
