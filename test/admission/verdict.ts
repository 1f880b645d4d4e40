// Admission for tests that know how it will end: anything else is an error that says what came instead.

import { type AdmissionOptions, admit } from '../../host/admission/admission.ts'

export async function admitted(upload: Uint8Array, options: AdmissionOptions = {}) {
  const admission = await admit(upload, options)
  if (!admission.admitted) throw new Error(JSON.stringify(admission.errors))
  return admission
}

export async function refused(upload: Uint8Array, options: AdmissionOptions = {}) {
  const admission = await admit(upload, options)
  if (admission.admitted) throw new Error('it was admitted')
  return admission
}
