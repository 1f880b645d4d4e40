/* The six entry points that WinRM looks up by name. They copy, ask, complete once and return; nothing
 * unwinds out of them, and the caller's last error is what it was. Nothing happens when the library is
 * loaded or unloaded: there is no DllMain. */
#include "plugin/completion.h"
#include "plugin/context.h"
#include "plugin/process.h"
#include "plugin/question.h"

PCL_EXPORT DWORD WINAPI WSManPluginStartup(DWORD flags, PCWSTR applicationIdentification, PCWSTR extraInfo,
                                           PVOID *pluginContext) {
  /* An authorization plug-in has no initialisation parameters in IIS: extraInfo is not read. */
  (void)extraInfo;
  if (flags > WSMAN_PLUGIN_STARTUP_AUTORESTARTED_CRASH) return ERROR_INVALID_PARAMETER;
  if (applicationIdentification == NULL || pluginContext == NULL) return ERROR_INVALID_PARAMETER;
  port_caller caller = port_caller_save();
  DWORD result = process_start(applicationIdentification, pluginContext);
  port_caller_restore(caller);
  return result;
}

PCL_EXPORT DWORD WINAPI WSManPluginShutdown(PVOID pluginContext, DWORD flags, DWORD reason) {
  /* Whatever the reason, and whatever reserved flags a later WinRM may set: the duty is the same. */
  (void)flags;
  (void)reason;
  port_caller caller = port_caller_save();
  DWORD result = process_stop(pluginContext);
  port_caller_restore(caller);
  return result;
}

static void authorize(PVOID plugin_context, const question *question) {
  if (question->sender == NULL) {
    /* There is nobody to complete to: a completion without sender details would only be refused. */
    process_count(DENIAL_NO_SENDER);
    return;
  }
  port_caller caller = port_caller_save();
  verdict verdict = {.code = ERROR_ACCESS_DENIED};
  port_random(verdict.id, sizeof verdict.id);
  call call = {.instance = NULL};
  denial why;
  if (!process_enter(plugin_context, &call, &why)) verdict_deny(&verdict, NULL, why);
  else if (question->flags != 0) verdict_deny(&verdict, call.instance, DENIAL_BAD_FLAGS);
  else question_decide(question, call.instance, &verdict);
  port_caller_restore(caller);
  completion_send(question, call.instance, &verdict);
  caller = port_caller_save();
  process_leave(&call);
  port_caller_restore(caller);
}

PCL_EXPORT void WINAPI WSManPluginAuthzUser(PVOID pluginContext, WSMAN_SENDER_DETAILS *senderDetails, DWORD flags) {
  authorize(pluginContext, &(question){.kind = BLOCK_KIND_USER, .sender = senderDetails, .flags = flags});
}

PCL_EXPORT void WINAPI WSManPluginAuthzOperation(PVOID pluginContext, WSMAN_SENDER_DETAILS *senderDetails, DWORD flags,
                                                 DWORD operation, PCWSTR action, PCWSTR resourceUri) {
  authorize(pluginContext, &(question){.kind = BLOCK_KIND_OPERATION,
                                       .sender = senderDetails,
                                       .flags = flags,
                                       .operation = operation,
                                       .action = action,
                                       .resource_uri = resourceUri});
}

PCL_EXPORT void WINAPI WSManPluginAuthzQueryQuota(PVOID pluginContext, WSMAN_SENDER_DETAILS *senderDetails,
                                                  DWORD flags) {
  authorize(pluginContext, &(question){.kind = BLOCK_KIND_QUOTA, .sender = senderDetails, .flags = flags});
}

PCL_EXPORT void WINAPI WSManPluginAuthzReleaseContext(PVOID userAuthorizationContext) {
  port_caller caller = port_caller_save();
  if (!context_release(userAuthorizationContext)) process_count(DENIAL_STALE_CONTEXT);
  port_caller_restore(caller);
}

/* Never called. The initialiser makes the compiler compare the entry points with WinRM's own types, so
 * that a changed parameter is a build error. */
static const struct {
  WSMAN_PLUGIN_STARTUP startup;
  WSMAN_PLUGIN_SHUTDOWN shutdown;
  WSMAN_PLUGIN_AUTHORIZE_USER user;
  WSMAN_PLUGIN_AUTHORIZE_OPERATION operation;
  WSMAN_PLUGIN_AUTHORIZE_QUERY_QUOTA quota;
  WSMAN_PLUGIN_AUTHORIZE_RELEASE_CONTEXT release;
} entry_points __attribute__((unused)) = {WSManPluginStartup,         WSManPluginShutdown,
                                          WSManPluginAuthzUser,       WSManPluginAuthzOperation,
                                          WSManPluginAuthzQueryQuota, WSManPluginAuthzReleaseContext};
