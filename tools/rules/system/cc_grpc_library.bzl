"""cc_grpc_library, with the attributes of gRPC's own rule of that name.

Only the way that gRPC's documentation shows is here: one proto_library as
`srcs`, its cc_proto_library as `deps`, `grpc_only = True`.
"""

load("@rules_cc//cc:defs.bzl", "cc_library")
load("@rules_proto//proto:defs.bzl", "ProtoInfo")

def _proto_path(file, proto_info):
    """Returns the path under which other .proto files import `file`."""
    root = proto_info.proto_source_root
    if root == "." or not file.path.startswith(root + "/"):
        return file.short_path
    return file.path[len(root) + 1:]

def _grpc_sources_impl(ctx):
    if ctx.attr.problem:
        fail(ctx.attr.problem)
    proto = ctx.attr.proto[ProtoInfo]
    suffixes = [".grpc.pb.h", ".grpc.pb.cc"]
    if ctx.attr.generate_mocks:
        suffixes.append("_mock.grpc.pb.h")

    outputs = []
    paths = []
    for file in proto.direct_sources:
        path = _proto_path(file, proto)
        paths.append(path)
        for suffix in suffixes:
            outputs.append(ctx.actions.declare_file(
                ctx.attr.out_dir + "/" + path[:-len(".proto")] + suffix,
            ))

    args = ctx.actions.args()
    args.add(ctx.executable._grpc_cpp_plugin, format = "--plugin=protoc-gen-grpc=%s")
    args.add("--grpc_out={}{}/{}/{}".format(
        "generate_mock_code=true:" if ctx.attr.generate_mocks else "",
        ctx.bin_dir.path,
        ctx.label.package,
        ctx.attr.out_dir,
    ))
    args.add_all(proto.transitive_proto_path, format_each = "-I%s")
    args.add_all(paths)
    ctx.actions.run(
        executable = ctx.executable._protoc,
        arguments = [args],
        inputs = proto.transitive_sources,
        outputs = outputs,
        tools = [ctx.executable._grpc_cpp_plugin],
        mnemonic = "GenerateGrpc",
        progress_message = "Generating gRPC stubs and services for %{label}",
    )
    return [DefaultInfo(files = depset(outputs))]

_grpc_sources = rule(
    implementation = _grpc_sources_impl,
    attrs = {
        # Told when the rule is built and not when it is declared, so that a
        # mistake in one rule leaves the rest of its BUILD file usable.
        "problem": attr.string(),
        "proto": attr.label(providers = [ProtoInfo]),
        "generate_mocks": attr.bool(),
        "out_dir": attr.string(mandatory = True),
        "_protoc": attr.label(
            default = "@com_google_protobuf//:protoc",
            allow_single_file = True,
            executable = True,
            cfg = "exec",
        ),
        "_grpc_cpp_plugin": attr.label(
            default = "@com_github_grpc_grpc//src/compiler:grpc_cpp_plugin",
            allow_single_file = True,
            executable = True,
            cfg = "exec",
        ),
    },
    doc = "Runs grpc_cpp_plugin over the direct sources of a proto_library.",
)

def _problem(srcs, deps, grpc_only):
    """Returns what is wrong with a cc_grpc_library, or ""."""
    if len(srcs) != 1:
        return "srcs of a cc_grpc_library names exactly one proto_library: the one with the services."
    if not grpc_only:
        return ("cc_grpc_library wants grpc_only = True: without it the rule would generate the messages " +
                "as well, which the cc_proto_library in deps has already.")
    if len(deps) != 1:
        return "deps of a cc_grpc_library names exactly one cc_proto_library: the one with the messages."
    return ""

def cc_grpc_library(name, srcs, deps, grpc_only = False, generate_mocks = False, **kwargs):
    """Generates the C++ stubs and services of a proto_library's services.

    Args:
      name: the cc_library to make.
      srcs: exactly one proto_library.
      deps: the cc_proto_library of that proto_library.
      grpc_only: must be True: the messages come from `deps`.
      generate_mocks: whether to generate GoogleMock stubs too, in
        NAME_mock.grpc.pb.h.
      **kwargs: visibility, tags and the like, passed on to the cc_library.
    """
    out_dir = "_grpc_" + name
    _grpc_sources(
        name = "_" + name + "_grpc_codegen",
        problem = _problem(srcs, deps, grpc_only),
        proto = srcs[0] if srcs else None,
        generate_mocks = generate_mocks,
        out_dir = out_dir,
        visibility = ["//visibility:private"],
        tags = ["manual"],
    )
    cc_library(
        name = name,
        srcs = ["_" + name + "_grpc_codegen"],
        hdrs = ["_" + name + "_grpc_codegen"],
        strip_include_prefix = out_dir,
        deps = deps + ["@com_github_grpc_grpc//:grpc++"],
        **kwargs
    )
