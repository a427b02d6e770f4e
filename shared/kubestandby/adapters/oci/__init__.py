"""Oracle Cloud Infrastructure: the one door to its SDK (`oci`).

Nothing here is imported before it is needed, and nothing is sent before it is used: a cold start pays for neither.
"""
