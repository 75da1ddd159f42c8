"""Federation's words: names of directives and types, field sets and their reader.

Laws: `names` and `field_set` use the standard library only, so the plan and the executor may
import them; whatever needs GraphQL's parser lives in modules that say so.
"""
