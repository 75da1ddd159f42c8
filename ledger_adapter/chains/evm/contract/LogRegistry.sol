// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// Keeps one root for each anchored size of an append-only log. Laws, each an invariant in the tests:
/// a root once written never changes; sizes only grow; only a log's two writers write to it.
/// It holds no money, calls nobody and can't be replaced. Nothing of a deployment enters the code
/// (no immutables), so that every deployment has the same code hash.
contract LogRegistry {
    struct Log {
        address writer;
        uint64 size;
        address backup;
    }

    error NotAllowed();
    error NoWriter();
    error NoRoot();
    error OtherRoot(bytes32 known);
    error NotGrowing(uint64 size);

    /// The anchored head: `head` is the digest of the signed checkpoint's body.
    event Anchored(bytes32 indexed log, uint64 indexed size, bytes32 root, bytes32 head);
    event WritersNamed(bytes32 indexed log, address indexed writer, address indexed backup);

    /// Opens logs and names their writers; can't touch a root.
    // slither-disable-next-line immutable-states
    address public owner;
    mapping(bytes32 log => Log) public logs;
    mapping(bytes32 log => mapping(uint64 size => bytes32 root)) public roots;

    constructor() {
        owner = msg.sender;
    }

    /// Opens a log, or gives it other writers. The backup may be nobody.
    function nameWriters(bytes32 log, address writer, address backup) external {
        if (msg.sender != owner) revert NotAllowed();
        if (writer == address(0)) revert NoWriter();
        logs[log].writer = writer;
        logs[log].backup = backup;
        emit WritersNamed(log, writer, backup);
    }

    /// Writes the root of a new, larger size. The same root again changes nothing and says nothing.
    function anchor(bytes32 log, uint64 size, bytes32 root, bytes32 head) external {
        _anchor(log, size, root, head);
    }

    /// The same, with the commitments of the entries since the last anchor in the call's data, for
    /// deployments that want those on the chain as well. The contract neither reads nor keeps them.
    function anchorWithCommitments(
        bytes32 log,
        uint64 size,
        bytes32 root,
        bytes32 head,
        bytes32[] calldata
    ) external {
        _anchor(log, size, root, head);
    }

    function _anchor(bytes32 log, uint64 size, bytes32 root, bytes32 head) private {
        Log storage found = logs[log];
        if (msg.sender != found.writer && msg.sender != found.backup) revert NotAllowed();
        if (root == bytes32(0)) revert NoRoot();
        bytes32 known = roots[log][size];
        if (known == root) return;
        if (known != bytes32(0)) revert OtherRoot(known);
        if (size <= found.size) revert NotGrowing(found.size);
        found.size = size;
        roots[log][size] = root;
        emit Anchored(log, size, root, head);
    }
}
