"""Supergraph texts of several join versions, written by hand."""

_SPECS = "https://specs.apollo.dev"

JOIN_03 = f"""
schema
  @link(url: "{_SPECS}/link/v1.0")
  @link(url: "{_SPECS}/join/v0.3", for: EXECUTION)
  @link(url: "{_SPECS}/inaccessible/v0.2", for: SECURITY)
  @link(url: "{_SPECS}/tag/v0.3")
{{ query: Query }}

directive @inaccessible on FIELD_DEFINITION | ENUM_VALUE | ARGUMENT_DEFINITION | OBJECT
directive @tag(name: String!) repeatable on FIELD_DEFINITION
directive @live(every: Int = 1) on QUERY | FIELD
scalar join__FieldSet
enum link__Purpose {{ SECURITY EXECUTION }}
enum join__Graph {{
  A @join__graph(name: "a", url: "http://a")
  B_B @join__graph(name: "b-b", url: "http://b")
}}

"All there is."
type Query @join__type(graph: A) @join__type(graph: B_B) {{
  users(only: Role, secret: Int = 3 @inaccessible): [User!]!
    @join__field(graph: A, provides: "name")
  media: Media @join__field(graph: B_B)
}}

type User implements Named
  @join__implements(graph: A, interface: "Named")
  @join__type(graph: A, key: "id", resolvable: false)
  @join__type(graph: A, key: "mail {{ box }}")
  @join__type(graph: B_B, key: "id")
{{
  "Never changes."
  id: ID!
  mail: Mail @join__field(graph: A)
  name: String @join__field(graph: A, external: true) @join__field(graph: B_B, type: "String!")
  rank: Int @join__field(graph: B_B, requires: "name") @tag(name: "internal")
  old: Int @join__field(graph: B_B) @deprecated(reason: "use rank")
  moved: Int
    @join__field(graph: A, overrideLabel: "percent(5)")
    @join__field(graph: B_B, override: "a", overrideLabel: "percent(5)")
  hidden: Hidden @inaccessible @join__field(graph: B_B)
  role: Role @join__field(graph: B_B)
}}

type Mail @join__type(graph: A) {{ box: Url }}
type Hidden @inaccessible @join__type(graph: B_B) {{ x: Int }}

interface Named @join__type(graph: A, key: "id")
  @join__type(graph: B_B, key: "id", isInterfaceObject: true) {{ id: ID! }}

type Film @join__type(graph: B_B) {{ title: String }}
type Book @join__type(graph: A) {{ title: String }}
union Media @join__type(graph: A) @join__type(graph: B_B)
  @join__unionMember(graph: A, member: "Book")
  @join__unionMember(graph: B_B, member: "Film") = Book | Film

enum Role @join__type(graph: A) @join__type(graph: B_B) {{
  USER @join__enumValue(graph: A)
  ADMIN @inaccessible @join__enumValue(graph: B_B)
}}

scalar Url @join__type(graph: A) @specifiedBy(url: "https://url.spec.whatwg.org/")
"""

JOIN_01 = """
schema @core(feature: "https://specs.apollo.dev/core/v0.1")
  @core(feature: "https://specs.apollo.dev/join/v0.1")
{ query: Query }

directive @core(feature: String!) repeatable on SCHEMA
scalar join__FieldSet
enum join__Graph {
  USERS @join__graph(name: "users", url: "http://users")
  POSTS @join__graph(name: "posts", url: "http://posts")
}
type Query { user: User @join__field(graph: USERS) }
type User
  @join__owner(graph: USERS)
  @join__type(graph: USERS, key: "id")
  @join__type(graph: POSTS, key: "id")
{
  id: ID! @join__field(graph: USERS)
  name: String @join__field(graph: USERS)
  posts: [Post!] @join__field(graph: POSTS, requires: "name")
}
type Post { title: String at: Place }
type Place { city: String }
"""


def with_feature(url: str, purpose: str) -> str:
    """The newer text with one more link."""
    link = f'@link(url: "{url}", for: {purpose})' if purpose else f'@link(url: "{url}")'
    return JOIN_03.replace("{ query: Query }", f"{link}\n{{ query: Query }}")
