@echo off
rem The command portcullis of the folder that this file is in, wherever it is called from. Node is not part of a release: it is
rem the one on PATH, or the one that PORTCULLIS_NODE names. No block in parentheses here: a folder's name may have one.
setlocal DisableDelayedExpansion
if defined PORTCULLIS_NODE goto named
set "node="
for %%I in (node.exe) do set "node=%%~$PATH:I"
if defined node goto run
>&2 echo portcullis: there is no node.exe on PATH; install an LTS release of Node, 20.19 or later for x64, or name one in PORTCULLIS_NODE
exit /b 2

:named
set "node=%PORTCULLIS_NODE:"=%"
if exist "%node%" goto run
>&2 echo portcullis: PORTCULLIS_NODE names "%node%", which is not there
exit /b 2

:run
"%node%" "%~dp0host\cli\start.js" %*
exit /b %errorlevel%
