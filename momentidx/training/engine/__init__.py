"""A data engine after Moment-10M (Momentor, section 4), whose code was never released: footage in, instructions out.

Footage is split into events (`boundaries`), things are followed through it (`instances`), what each does in each event
is put in a table (`matrix`), the table gives questions and answers (`instructions`), and templates or a language model
put them into words (`writers`, `wording`). No network is needed. The thresholds are ours: the paper states none.
"""
