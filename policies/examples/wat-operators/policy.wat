;; Operators may read, and nobody else may do anything: a policy for those who want to see each instruction.
;; It takes questions and gives answers as docs/reference/request-block.md says, and imports nothing.

(module
  ;; One page of 64 KiB. From address
  ;;     0   nothing, because 0 means "absent"
  ;;    16   the operators' group
  ;;    64   texts, a byte for each letter
  ;;   512   the result record, 32 bytes
  ;;   544   the reason of a denial in UTF-16, up to 128 letters
  ;;  1024   the request block, up to 49,152 bytes; the end of it is within the page
  ;; Each call finds memory as it is here, so these places can be fixed.
  (memory (export "memory") 1 1)

  ;; S-1-5-21-1004336348-1177238915-682003330-1650 as Windows keeps it, 28 bytes.
  (data (i32.const 16)
    "\01"                      ;; revision
    "\05"                      ;; number of sub-authorities
    "\00\00\00\00\00\05"       ;; authority 5, the highest byte first
    "\15\00\00\00"             ;; 21, from here on the lowest byte first
    "\dc\f4\dc\3b"             ;; 1004336348
    "\83\3d\2b\46"             ;; 1177238915
    "\82\8b\a6\28"             ;; 682003330
    "\72\06\00\00")            ;; 1650

  (data (i32.const 64) "a Windows account is needed")                                   ;; 27 letters
  (data (i32.const 96) "only operators come in here")                                   ;; 27
  (data (i32.const 128) "operators may only read")                                      ;; 23
  (data (i32.const 192) "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get")           ;; 50
  (data (i32.const 256) "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate")  ;; 59

  ;; ---- The functions that a host calls ----------------------------------------------------------------

  ;; Where the host shall write a block of so many bytes.
  (func (export "portcullis_request_v1") (param $bytes i32) (result i32)
    (if (i32.gt_u (local.get $bytes) (i32.const 49152)) (then (unreachable)))
    (i32.const 1024))

  ;; May this user do anything here?
  (func (export "authzUser") (param $block i32) (result i32)
    (call $check (local.get $block))
    ;; Bit 0 of the flags: there is a token. Without one there are no groups.
    (if (i32.eqz (i32.and (i32.load offset=44 (local.get $block)) (i32.const 1)))
      (then (return (call $deny (i32.const 64) (i32.const 27)))))
    (if (i32.eqz (call $isOperator (local.get $block)))
      (then (return (call $deny (i32.const 96) (i32.const 27)))))
    (call $allow))

  ;; May they do this? The host has asked for the user before.
  (func (export "authzOperation") (param $block i32) (result i32)
    (call $check (local.get $block))
    ;; By the action, whose URIs are published; the numbers of operations are not.
    (if (i32.or
          (call $isAction (local.get $block) (i32.const 192) (i32.const 50))
          (call $isAction (local.get $block) (i32.const 256) (i32.const 59)))
      (then (return (call $allow))))
    (call $deny (i32.const 128) (i32.const 23)))

  ;; Without queryQuota, the limits of the host's operator apply. Without portcullis_settings_v1, it takes none.

  ;; ---- Reading the question --------------------------------------------------------------------------------

  ;; Traps unless it is a block as this policy knows it: "PCRB", version 1, of a size that was asked for.
  (func $check (param $block i32)
    (if (i32.ne (local.get $block) (i32.const 1024)) (then (unreachable)))
    (if (i32.ne (i32.load (local.get $block)) (i32.const 0x42524350)) (then (unreachable)))
    (if (i32.ne (i32.load16_u offset=4 (local.get $block)) (i32.const 1)) (then (unreachable)))
    (if (i32.gt_u (i32.load offset=8 (local.get $block)) (i32.const 49152)) (then (unreachable))))

  ;; The address of a field that begins so far into the block and has so many bytes; traps unless it lies within
  ;; the block. The host has made sure of that; it is checked again because all else depends on it.
  (func $within (param $block i32) (param $offset i32) (param $bytes i32) (result i32)
    (local $total i32)
    (local.set $total (i32.load offset=8 (local.get $block)))
    (if (i32.gt_u (local.get $offset) (local.get $total)) (then (unreachable)))
    (if (i32.gt_u (local.get $bytes) (i32.sub (local.get $total) (local.get $offset))) (then (unreachable)))
    (i32.add (local.get $block) (local.get $offset)))

  ;; Whether the operators' group is among the enabled groups. Those for denials only are another field.
  (func $isOperator (param $block i32) (result i32)
    (local $sid i32)
    (local $end i32)
    (local $bytes i32)
    (local.set $sid
      (call $within
        (local.get $block)
        (i32.load offset=64 (local.get $block))
        (i32.load offset=68 (local.get $block))))
    (local.set $end (i32.add (local.get $sid) (i32.load offset=68 (local.get $block))))
    (loop $next
      (if (i32.ge_u (local.get $sid) (local.get $end)) (then (return (i32.const 0))))
      ;; 8 bytes, and 4 for each sub-authority. A SID that goes on behind the end of the list would be none.
      (local.set $bytes
        (i32.add (i32.const 8) (i32.shl (i32.load8_u offset=1 (local.get $sid)) (i32.const 2))))
      (if (i32.gt_u (local.get $bytes) (i32.sub (local.get $end) (local.get $sid))) (then (unreachable)))
      (if (i32.eq (local.get $bytes) (i32.const 28))
        (then (if (call $isGroup (local.get $sid)) (then (return (i32.const 1))))))
      (local.set $sid (i32.add (local.get $sid) (local.get $bytes)))
      (br $next))
    (unreachable))

  ;; Whether the 28 bytes at this address are those of the operators' group.
  (func $isGroup (param $sid i32) (result i32)
    (i32.and
      (i32.and
        (i64.eq (i64.load (local.get $sid)) (i64.load (i32.const 16)))
        (i64.eq (i64.load offset=8 (local.get $sid)) (i64.load (i32.const 24))))
      (i32.and
        (i64.eq (i64.load offset=16 (local.get $sid)) (i64.load (i32.const 32)))
        (i32.eq (i32.load offset=24 (local.get $sid)) (i32.load (i32.const 40))))))

  ;; Whether the action is this text, letter by letter. The action is UTF-16, the text one byte for each letter.
  (func $isAction (param $block i32) (param $text i32) (param $letters i32) (result i32)
    (local $action i32)
    (if (i32.ne (i32.load offset=148 (local.get $block)) (local.get $letters)) (then (return (i32.const 0))))
    (local.set $action
      (call $within
        (local.get $block)
        (i32.load offset=144 (local.get $block))
        (i32.shl (local.get $letters) (i32.const 1))))
    (loop $next
      (if (i32.eqz (local.get $letters)) (then (return (i32.const 1))))
      (if (i32.ne (i32.load16_u (local.get $action)) (i32.load8_u (local.get $text)))
        (then (return (i32.const 0))))
      (local.set $action (i32.add (local.get $action) (i32.const 2)))
      (local.set $text (i32.add (local.get $text) (i32.const 1)))
      (local.set $letters (i32.sub (local.get $letters) (i32.const 1)))
      (br $next))
    (unreachable))

  ;; ---- Writing the answer ----------------------------------------------------------------------------------

  ;; Memory is zero where nothing was written, so only what is not zero is written: "PCRR", and kind 1.
  (func $allow (result i32)
    (i32.store (i32.const 512) (i32.const 0x52524350))
    (i32.store16 (i32.const 516) (i32.const 1))
    (i32.const 512))

  ;; Kind 2, and the reason, a letter of one byte becoming one of two.
  (func $deny (param $text i32) (param $letters i32) (result i32)
    (local $index i32)
    (loop $next
      (i32.store16 offset=544
        (i32.shl (local.get $index) (i32.const 1))
        (i32.load8_u (i32.add (local.get $text) (local.get $index))))
      (local.set $index (i32.add (local.get $index) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $index) (local.get $letters))))
    (i32.store (i32.const 512) (i32.const 0x52524350))
    (i32.store16 (i32.const 516) (i32.const 2))
    (i32.store (i32.const 520) (i32.const 544))
    (i32.store (i32.const 524) (local.get $letters))
    (i32.const 512)))
