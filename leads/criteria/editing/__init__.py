"""A tree while somebody edits it: as form fields, with what was typed, valid or not.

A place in the form is a path such as "r-0-2": the root, its first part, that one's third; "r-0-w" is the `where` of the
condition r-0. Fields are named NAME.PATH.KEY, buttons NAME.do with "VERB:PATH".
"""
