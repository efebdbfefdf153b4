"""A library to link with and not to include from.

A cc_library hands the include paths and headers of everything below it to
whoever depends on it. link_only() hands on the objects alone, so that a library
with an odd include path, or with hundreds of headers, keeps them to itself.
"""

# Debian's rules_cc has no CcInfo to load.
# buildifier: disable=native-cc-info
def _link_only_impl(ctx):
    return [
        DefaultInfo(files = ctx.attr.dep[DefaultInfo].files),
        CcInfo(linking_context = ctx.attr.dep[CcInfo].linking_context),
    ]

# buildifier: disable=native-cc-info
link_only = rule(
    implementation = _link_only_impl,
    attrs = {
        "dep": attr.label(
            doc = "The cc_library whose objects are wanted.",
            mandatory = True,
            providers = [CcInfo],
        ),
    },
    doc = "A cc_library's objects and what they link with, without its headers.",
)
