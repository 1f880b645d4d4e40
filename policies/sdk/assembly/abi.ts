// The entry file that the SDK's asconfig.json adds to every policy, so that an author's own file needs no
// glue. It imports the SDK by package name: a relative import would give the compiler a second copy of the
// SDK under another name. The names of the exports carry the versions of what the host writes there.

export { requestArea as portcullis_request_v1 } from 'portcullis/assembly/request-area'
export { settingsArea as portcullis_settings_v1 } from 'portcullis/assembly/settings-area'
